import { Checkbox, Group, NumberInput, Select, TextInput } from '@mantine/core';

import type { Weekday } from '../../api/types';
import { month_days, ordinals, repeats, weekdays, type RuleForm } from './rule';
import classes from './schedules.module.css';

interface RuleFieldsProps {
  form: RuleForm;
  change: (part: Partial<RuleForm>) => void;
}

export function RuleFields({ form, change }: RuleFieldsProps) {
  return (
    <div className={classes.fields}>
      <Select
        label="Comes"
        data={repeats}
        value={form.repeat}
        allowDeselect={false}
        onChange={(value) => change({ repeat: (value ?? form.repeat) as RuleForm['repeat'] })}
      />
      <Which form={form} change={change} />
      <TextInput label="At" type="time" value={form.time} onChange={(event) => change({ time: event.currentTarget.value })} />
    </div>
  );
}

// What the kind of rule asks for besides the time.
function Which({ form, change }: RuleFieldsProps) {
  switch (form.repeat) {
    case 'once':
      return <TextInput label="On" type="date" value={form.date} onChange={(event) => change({ date: event.currentTarget.value })} />;
    case 'weekly':
      return (
        <Checkbox.Group
          label="On"
          className={classes.whole ?? ''}
          value={form.weekdays}
          onChange={(value) => change({ weekdays: value as Weekday[] })}
        >
          <Group gap="sm" mt={4}>
            {weekdays.map((day) => (
              <Checkbox key={day.value} value={day.value} label={day.label} />
            ))}
          </Group>
        </Checkbox.Group>
      );
    case 'monthly':
      return (
        <Select label="Day" data={month_days} value={form.day} allowDeselect={false} onChange={(value) => change({ day: value ?? form.day })} />
      );
    case 'nth_weekday':
      return (
        <>
          <Select label="Which" data={ordinals} value={form.nth} allowDeselect={false} onChange={(value) => change({ nth: value ?? form.nth })} />
          <Select
            label="Weekday"
            data={weekdays}
            value={form.weekday}
            allowDeselect={false}
            onChange={(value) => change({ weekday: (value ?? form.weekday) as Weekday })}
          />
        </>
      );
    case 'patch_tuesday':
      return (
        <NumberInput
          label="Days after"
          min={0}
          max={27}
          allowDecimal={false}
          clampBehavior="strict"
          value={form.after_days}
          onChange={(value) => change({ after_days: Number(value) || 0 })}
        />
      );
    default:
      return null;
  }
}
