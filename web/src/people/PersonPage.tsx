import { Button, Card, Stack, Text, Title } from "@mantine/core";
import { IconMessageCircle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";

import { useLive } from "../app/live";
import { useOpenDirect } from "../chat/NewRoom";
import { Back } from "../parts/Back";
import { Empty } from "../parts/Empty";
import { Face } from "../parts/Face";
import { Here, RoleBadge } from "./PeoplePage";

/** One person. */
export default function PersonPage() {
  const { t } = useTranslation();
  const { people, me } = useLive();
  const open = useOpenDirect();
  const person = people.get(Number(useParams()["userId"]));
  return (
    <div className="fill scroll">
      <div className="page">
        <Back to="/people" mb="sm" />
        {!person && <Empty title={t("app.notFound")} hint={t("app.notFoundHint")} />}
        {person && (
          <Card withBorder radius="lg" padding="xl">
            <Stack align="center" gap="xs">
              <Face person={person} size={112} />
              <Title order={1} size="h2">
                {person.name}
              </Title>
              {person.title && <Text c="dimmed">{person.title}</Text>}
              <RoleBadge person={person} />
              <Text size="sm" c="dimmed">
                <Here person={person} />
              </Text>
              {person.id === me.id ? (
                <Button component={Link} to="/profile" variant="default" mt="md">
                  {t("app.edit")}
                </Button>
              ) : (
                person.active && (
                  <Button
                    mt="md"
                    leftSection={<IconMessageCircle size={18} />}
                    onClick={() => open(person.id)}
                  >
                    {t("people.write")}
                  </Button>
                )
              )}
            </Stack>
          </Card>
        )}
      </div>
    </div>
  );
}
