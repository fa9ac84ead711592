import { Anchor, Badge, Button, Group, Table, UnstyledButton } from "@mantine/core";
import { IconSortAscending, IconSortDescending } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { ago, exactly } from "../app/times";
import { Face } from "../parts/Face";
import classes from "./admin.module.css";
import { type Column, COLUMNS, type Line, type Order } from "./connections";

// So many packets wait only for a client that does not read.
const MANY_WAITING = 100;

// Their names alone do not say it all.
const HINTED = ["node", "last_active", "waiting", "rate"] as const;

function hasHint(column: Column): column is (typeof HINTED)[number] {
  return (HINTED as readonly Column[]).includes(column);
}

interface Lines {
  lines: readonly Line[];
  onEnd: (line: Line) => void;
}

/** The connections where there is room for columns. */
export function ConnectionTable({
  lines,
  order,
  onOrder,
  onEnd,
}: Lines & { order: Order; onOrder: (column: Column) => void }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={0}>
      <Table
        className={classes["table"]}
        highlightOnHover
        horizontalSpacing="0.6rem"
        verticalSpacing={6}
        aria-label={t("admin.connections")}
      >
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map((column) => (
              <Head key={column} column={column} order={order} onOrder={onOrder} />
            ))}
            <Table.Th aria-label={t("admin.end")} />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line) => (
            <Row key={line.id} line={line} onEnd={onEnd} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Head({
  column,
  order,
  onOrder,
}: {
  column: Column;
  order: Order;
  onOrder: (column: Column) => void;
}) {
  const { t } = useTranslation();
  const chosen = order.column === column;
  const way = order.descending ? ("descending" as const) : ("ascending" as const);
  const Icon = order.descending ? IconSortDescending : IconSortAscending;
  return (
    <Table.Th aria-sort={chosen ? way : "none"} scope="col" data-column={column}>
      <UnstyledButton
        className={classes["head"]}
        data-number={isCount(column) || undefined}
        title={hasHint(column) ? t(`admin.${column}Hint`) : undefined}
        onClick={() => onOrder(column)}
      >
        {t(`admin.${column}`)}
        {chosen && <Icon size={14} aria-hidden />}
      </UnstyledButton>
    </Table.Th>
  );
}

function isCount(column: Column): boolean {
  return column === "waiting" || column === "rate";
}

function Row({ line, onEnd }: { line: Line; onEnd: (line: Line) => void }) {
  const { t } = useTranslation();
  return (
    <Table.Tr
      data-silent={line.silent || undefined}
      title={line.silent ? t("admin.silent") : undefined}
    >
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Face person={line.person} size={26} dot={false} />
          <Who line={line} />
        </Group>
      </Table.Td>
      <Table.Td>
        <span className={classes["long"]} title={line.device}>
          {line.deviceName}
        </span>
      </Table.Td>
      <Table.Td>{line.address}</Table.Td>
      <Table.Td>
        <span className={classes["long"]} title={`${line.node} · ${line.transport}`}>
          {line.node}
        </span>
      </Table.Td>
      <Table.Td data-column="transport">{line.transport}</Table.Td>
      <Table.Td title={exactly(line.since)}>{ago(line.since)}</Table.Td>
      <Table.Td title={exactly(line.last_active)}>{ago(line.last_active)}</Table.Td>
      <Table.Td className={classes["number"]} c={line.waiting >= MANY_WAITING ? "red" : undefined}>
        {line.waiting}
      </Table.Td>
      <Table.Td className={classes["number"]}>{line.rate.toFixed(1)}</Table.Td>
      <Table.Td className={classes["number"]}>
        <End line={line} onEnd={onEnd} />
      </Table.Td>
    </Table.Tr>
  );
}

/** Whose connection it is. */
export function Who({ line }: { line: Line }) {
  return (
    <Anchor
      component={Link}
      to={`/people/${line.user_id}`}
      className={classes["long"]}
      c="inherit"
      fw={600}
      size="sm"
    >
      {line.name}
    </Anchor>
  );
}

/** The way to end it; nobody can end by a slip what they look at. */
export function End({ line, onEnd }: { line: Line; onEnd: (line: Line) => void }) {
  const { t } = useTranslation();
  if (line.current) {
    return (
      <Badge variant="light" size="sm" miw="max-content">
        {t("sessions.current")}
      </Badge>
    );
  }
  if (!line.endable) return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      aria-label={t("admin.endOf", { name: line.name })}
      onClick={() => onEnd(line)}
    >
      {t("admin.end")}
    </Button>
  );
}
