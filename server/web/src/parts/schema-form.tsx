import { Checkbox, Fieldset, MultiSelect, NumberInput, Select, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';

import type { Entered, Field } from '../format/schema';

interface SchemaFormProps {
  fields: Field[];
  entered: Entered;
  problems: Record<string, string>;
  onChange: (pointer: string, value: Entered[string]) => void;
}

// A form for parameters nobody here has ever heard of.
export function SchemaForm(props: SchemaFormProps) {
  return (
    <Stack gap="sm">
      {props.fields.map((field) =>
        field.kind === 'group' ? (
          <Fieldset key={field.pointer} legend={field.label} variant="filled">
            {field.help && <p style={{ marginTop: 0 }}>{field.help}</p>}
            <SchemaForm {...props} fields={field.fields} />
          </Fieldset>
        ) : (
          <SchemaField key={field.pointer} field={field} {...props} />
        ),
      )}
    </Stack>
  );
}

function limit(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function SchemaField({ field, entered, problems, onChange }: SchemaFormProps & { field: Field }) {
  const value = entered[field.pointer];
  const common = {
    label: field.label,
    description: field.help || undefined,
    withAsterisk: field.required,
    error: problems[field.pointer],
  };
  const set = (next: Entered[string]) => onChange(field.pointer, next);
  const text = typeof value === 'string' ? value : '';
  const texts = Array.isArray(value) ? value : [];
  const most = limit(field.schema.maxItems);
  switch (field.kind) {
    case 'boolean':
      return (
        <Checkbox
          label={field.label}
          description={common.description}
          error={common.error}
          checked={value === true}
          onChange={(event) => set(event.currentTarget.checked)}
        />
      );
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : text}
          allowDecimal={field.kind === 'number'}
          min={limit(field.schema.minimum)}
          max={limit(field.schema.maximum)}
          onChange={set}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          data={field.choices}
          value={text === '' ? null : text}
          clearable={!field.required}
          allowDeselect={!field.required}
          onChange={(next) => set(next ?? '')}
        />
      );
    case 'choices':
      return <MultiSelect {...common} data={field.choices} value={texts} {...(most && { maxValues: most })} onChange={set} />;
    case 'texts':
      return (
        <TagsInput
          {...common}
          value={texts}
          splitChars={[',']}
          acceptValueOnBlur
          placeholder={texts.length === 0 ? 'Type, then Enter' : undefined}
          {...(most && { maxTags: most })}
          onChange={set}
        />
      );
    case 'lines':
    case 'json':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={12}
          spellCheck={field.kind === 'lines'}
          value={text}
          onChange={(event) => set(event.currentTarget.value)}
        />
      );
    default:
      return (
        <TextInput
          {...common}
          value={text}
          maxLength={limit(field.schema.maxLength)}
          onChange={(event) => set(event.currentTarget.value)}
        />
      );
  }
}
