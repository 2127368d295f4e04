import { TextInput, type TextInputProps } from '@mantine/core';

// A code of an authenticator app; a recovery code fits, too.
export function CodeField(props: Partial<TextInputProps>) {
  return (
    <TextInput
      label="Code"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      required
      withAsterisk={false}
      maxLength={64}
      {...props}
    />
  );
}
