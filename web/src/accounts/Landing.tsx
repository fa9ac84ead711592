import { Box, Button, Container, Group, SimpleGrid, Text, ThemeIcon, Title } from "@mantine/core";
import { IconBuildingCommunity, IconMessages, IconNews } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { LanguageSwitch } from "./LanguageSwitch";

/** The front door. */
export function Landing() {
  const { t } = useTranslation();
  const points = [
    { icon: IconMessages, title: t("front.chat"), text: t("front.chatText") },
    { icon: IconNews, title: t("front.feed"), text: t("front.feedText") },
    { icon: IconBuildingCommunity, title: t("front.own"), text: t("front.ownText") },
  ];
  return (
    <Container size="md" py="lg" component="main">
      <Group justify="space-between">
        <Group gap="xs">
          <img src="/icon.svg" width={36} height={36} alt="" />
          <Text fw={700} size="xl">
            Talkoo
          </Text>
        </Group>
        <LanguageSwitch />
      </Group>
      <Box py={{ base: 48, sm: 96 }} maw="40rem">
        <Title order={1} fz={{ base: 36, sm: 54 }} lh={1.1}>
          {t("front.title")}
        </Title>
        <Text size="lg" c="dimmed" mt="lg">
          {t("front.lead")}
        </Text>
        <Group mt="xl">
          <Button component={Link} to="/sign-up" size="lg">
            {t("front.signUp")}
          </Button>
          <Button component={Link} to="/log-in" size="lg" variant="default">
            {t("front.logIn")}
          </Button>
        </Group>
      </Box>
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl" pb="xl">
        {points.map(({ icon: Icon, title, text }) => (
          <div key={title}>
            <ThemeIcon size={44} radius="md" variant="light">
              <Icon size={24} />
            </ThemeIcon>
            <Text fw={600} mt="sm">
              {title}
            </Text>
            <Text c="dimmed" size="sm">
              {text}
            </Text>
          </div>
        ))}
      </SimpleGrid>
    </Container>
  );
}
