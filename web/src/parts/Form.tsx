import {
  Alert,
  PasswordInput,
  type PasswordInputProps,
  Stack,
  TextInput,
  type TextInputProps,
} from "@mantine/core";
import type { ReactNode, SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";

import type { Submit } from "./useSubmit";

/** A form that is sent as a whole; above its fields stands what the server said of the whole. */
export function Form({
  submit,
  noValidate,
  children,
}: {
  submit: Submit;
  noValidate?: boolean;
  children: ReactNode;
}) {
  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    submit.run();
  };
  return (
    <form onSubmit={send} noValidate={noValidate ?? false}>
      <Stack>
        {submit.message && <Alert color="red">{submit.message}</Alert>}
        {children}
      </Stack>
    </form>
  );
}

interface Bound {
  /** The name of the field in the request, by which the server speaks of it. */
  name: string;
  submit: Submit;
  value: string;
  onChange: (value: string) => void;
}

type FieldProps = Bound & Omit<TextInputProps, keyof Bound>;

/** A line of text, with the server's words below it. */
export function Field({ submit, onChange, ...rest }: FieldProps) {
  return (
    <TextInput
      error={submit.fields[rest.name]}
      onChange={(event) => onChange(event.currentTarget.value)}
      {...rest}
    />
  );
}

/** An e-mail address. */
export function EmailField(props: Omit<FieldProps, "name">) {
  const { t } = useTranslation();
  return (
    <Field
      name="email"
      label={t("auth.email")}
      type="email"
      autoComplete="username"
      required
      {...props}
    />
  );
}

type PasswordProps = Omit<Bound, "name"> & Omit<PasswordInputProps, keyof Bound>;

/** The password that one has; by ``name`` another field of the request. */
export function PasswordField({
  submit,
  onChange,
  name = "password",
  ...rest
}: PasswordProps & { name?: string }) {
  const { t } = useTranslation();
  return (
    <PasswordInput
      label={t("auth.password")}
      error={submit.fields[name]}
      aria-invalid={name in submit.fields}
      visibilityToggleButtonProps={{ "aria-label": t("auth.showPassword") }}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="current-password"
      {...rest}
    />
  );
}

/** The password that one chooses. */
export function NewPasswordField(props: PasswordProps) {
  const { t } = useTranslation();
  return (
    <PasswordField autoComplete="new-password" description={t("auth.passwordHint")} {...props} />
  );
}
