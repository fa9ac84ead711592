import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** What a place shows while nothing is in it. */
export function Empty({
  title,
  hint,
  icon,
  children,
}: {
  title: string;
  hint?: string;
  icon?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      {icon}
      <Title order={3}>{title}</Title>
      {hint !== undefined && (
        <Text c="dimmed" maw="24rem">
          {hint}
        </Text>
      )}
      {children}
    </Stack>
  );
}
