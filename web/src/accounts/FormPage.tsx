import { Box, Paper, Stack, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { Form } from "../parts/Form";
import type { Submit } from "../parts/useSubmit";

/** The page of one form, or of its answer, in the middle. */
export function FormPage({
  title,
  submit,
  children,
}: {
  title: string;
  submit?: Submit;
  children: ReactNode;
}) {
  return (
    <Box mih="100dvh" style={{ display: "grid", placeItems: "center" }} p="md">
      <Paper withBorder shadow="sm" radius="lg" p="xl" w="100%" maw={420} component="main">
        <img src="/icon.svg" width={44} height={44} alt="Talkoo" />
        <Title order={1} size="h2" mt="sm" mb="lg">
          {title}
        </Title>
        {submit ? (
          <Form submit={submit} noValidate>
            {children}
          </Form>
        ) : (
          <Stack>{children}</Stack>
        )}
      </Paper>
    </Box>
  );
}
