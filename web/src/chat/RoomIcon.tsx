import { Avatar } from "@mantine/core";
import { IconHash } from "@tabler/icons-react";

/** Stands for a room of several people. */
export function RoomIcon({ size = 36 }: { size?: number }) {
  return (
    <Avatar size={size} radius="md" color="talkoo" alt="">
      <IconHash size={size / 2} />
    </Avatar>
  );
}
