import { createTheme, type MantineColorsTuple } from "@mantine/core";

// A calm teal; white on the eighth shade has a contrast of more than 4.5, in both schemes.
const talkoo: MantineColorsTuple = [
  "#effcf9",
  "#d5f5ee",
  "#a9eadd",
  "#78dcc9",
  "#4bc9b3",
  "#2bb09b",
  "#1a9483",
  "#0f766e",
  "#0f5f5a",
  "#0c4a47",
];

export const theme = createTheme({
  primaryColor: "talkoo",
  primaryShade: { light: 7, dark: 7 },
  colors: { talkoo },
  defaultRadius: "md",
  fontFamily:
    'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif',
  headings: { fontWeight: "650" },
  cursorType: "pointer",
});
