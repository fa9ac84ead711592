import { ActionIcon, Card, Group, Select, Stack } from "@mantine/core";
import { IconSortAscending, IconSortDescending } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { ago, exactly } from "../app/times";
import { Face } from "../parts/Face";
import classes from "./admin.module.css";
import { type Column, COLUMNS, type Line, type Order } from "./connections";
import { End, Who } from "./ConnectionTable";

/** The connections where there is no room for columns. */
export function ConnectionCards({
  lines,
  onEnd,
}: {
  lines: readonly Line[];
  onEnd: (line: Line) => void;
}) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="list" aria-label={t("admin.connections")}>
      {lines.map((line) => (
        <ConnectionCard key={line.id} line={line} onEnd={onEnd} />
      ))}
    </Stack>
  );
}

function ConnectionCard({ line, onEnd }: { line: Line; onEnd: (line: Line) => void }) {
  const { t } = useTranslation();
  const facts: [Column, string, string?][] = [
    ["device", line.deviceName, line.device],
    ["address", line.address],
    ["node", `${line.node} · ${line.transport}`],
    ["since", ago(line.since), exactly(line.since)],
    ["last_active", ago(line.last_active), exactly(line.last_active)],
    ["waiting", String(line.waiting)],
    ["rate", line.rate.toFixed(1)],
  ];
  return (
    <Card
      withBorder
      radius="lg"
      padding="md"
      role="listitem"
      opacity={line.silent ? 0.55 : undefined}
    >
      <Group gap="xs" wrap="nowrap" justify="space-between">
        <Group gap="xs" wrap="nowrap" miw={0}>
          <Face person={line.person} size={34} dot={false} />
          <Who line={line} />
        </Group>
        <End line={line} onEnd={onEnd} />
      </Group>
      <dl className={classes["facts"]}>
        {facts.map(([column, text, hint]) => (
          <Fact key={column} name={t(`admin.${column}`)} text={text} hint={hint} />
        ))}
      </dl>
    </Card>
  );
}

function Fact({ name, text, hint }: { name: string; text: string; hint: string | undefined }) {
  return (
    <>
      <dt>{name}</dt>
      <dd title={hint}>{text}</dd>
    </>
  );
}

/** Chooses the order where there are no columns to choose it by. */
export function OrderPicker({
  order,
  onChange,
}: {
  order: Order;
  onChange: (order: Order) => void;
}) {
  const { t } = useTranslation();
  const Icon = order.descending ? IconSortDescending : IconSortAscending;
  return (
    <Group gap="xs" wrap="nowrap">
      <Select
        aria-label={t("admin.sortBy")}
        value={order.column}
        data={COLUMNS.map((column) => ({ value: column, label: t(`admin.${column}`) }))}
        onChange={(column) => onChange({ ...order, column: column ?? order.column })}
        allowDeselect={false}
        style={{ flex: 1 }}
      />
      <ActionIcon
        variant="default"
        size={36}
        aria-label={order.descending ? t("admin.descending") : t("admin.ascending")}
        onClick={() => onChange({ ...order, descending: !order.descending })}
      >
        <Icon size={18} />
      </ActionIcon>
    </Group>
  );
}
