import { Box, Paper, Stack, Title } from "@mantine/core";
import type { ReactNode, SyntheticEvent } from "react";

/** The page of one form, in the middle. */
export function FormPage({
  title,
  onSubmit,
  children,
}: {
  title: string;
  onSubmit?: () => void;
  children: ReactNode;
}) {
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <Box mih="100dvh" style={{ display: "grid", placeItems: "center" }} p="md">
      <Paper withBorder shadow="sm" radius="lg" p="xl" w="100%" maw={420} component="main">
        <img src="/icon.svg" width={44} height={44} alt="Talkoo" />
        <Title order={1} size="h2" mt="sm" mb="lg">
          {title}
        </Title>
        <form onSubmit={submit} noValidate>
          <Stack>{children}</Stack>
        </form>
      </Paper>
    </Box>
  );
}
