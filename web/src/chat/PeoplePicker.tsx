import { MultiSelect } from "@mantine/core";

import { useLive } from "../app/live";

/** Chooses active people, without me and those left out. */
export function PeoplePicker({
  label,
  value,
  onChange,
  without = [],
}: {
  label: string;
  value: number[];
  onChange: (ids: number[]) => void;
  without?: readonly number[];
}) {
  const { people, me } = useLive();
  const data = [...people.values()]
    .filter((person) => person.active && person.id !== me.id && !without.includes(person.id))
    .map((person) => ({ value: String(person.id), label: person.name }));
  return (
    <MultiSelect
      label={label}
      data={data}
      value={value.map(String)}
      onChange={(ids) => onChange(ids.map(Number))}
      searchable
      hidePickedOptions
      limit={50}
    />
  );
}
