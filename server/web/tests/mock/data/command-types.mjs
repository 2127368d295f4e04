// What the made-up server can be asked to order: some of the built-in types, and one that came as a plugin and has a
// field of every kind.

const text = (title, more = {}) => ({ type: 'string', title, ...more });
const common = { permission: 'technician', risk: 'none', needs_approval: false, listed: true, result_schema: { type: 'object' } };

export const command_types = [
  {
    ...common, type: 'scan', title: 'Scan now', description: 'Runs the scanners now instead of at their next time. Changes nothing.',
    parameters_schema: {
      type: 'object', additionalProperties: false,
      properties: {
        plugins: { type: 'array', title: 'Scanners', description: 'Empty: all of them', items: { type: 'string' } },
        purpose: text('Purpose', { enum: ['updates', 'inventory', 'verify'] }),
      },
    },
  },
  {
    ...common, type: 'install_updates', title: 'Install updates', description: 'Installs exactly the plan that was approved.',
    permission: 'approver', risk: 'high', needs_approval: true, parameters_schema: { type: 'object' },
  },
  {
    ...common, type: 'plan_updates', title: 'Plan updates', description: 'Asks what an install would do. Changes nothing.',
    permission: 'approver', needs_approval: true, parameters_schema: { type: 'object' },
  },
  {
    ...common, type: 'rollback_updates', title: 'Roll back updates', description: 'Goes back to the versions before.',
    permission: 'approver', risk: 'high', listed: false, parameters_schema: { type: 'object' },
  },
  {
    ...common, type: 'restart_services', title: 'Restart services', description: 'One after the other.',
    permission: 'approver', risk: 'high', listed: false, parameters_schema: { type: 'object' },
  },
  { ...common, type: 'cancel', title: 'Cancel', description: 'Stops a command that has not begun.', listed: false, parameters_schema: { type: 'object' } },
  {
    ...common, type: 'org.example.greet', title: 'Greet people', description: 'Leaves a greeting on the machine.', risk: 'low',
    parameters_schema: {
      type: 'object', additionalProperties: false, required: ['names', 'tone', 'where'],
      properties: {
        names: { type: 'array', title: 'Whom to greet', minItems: 1, maxItems: 5, items: { type: 'string', maxLength: 40 } },
        tone: text('Tone', { enum: ['friendly', 'formal'], default: 'friendly' }),
        times: { type: 'integer', title: 'How often', minimum: 1, maximum: 3, default: 1 },
        loud: { type: 'boolean', title: 'Loud', description: 'In capital letters' },
        where: { type: 'object', title: 'Where', required: ['file'], properties: { file: text('File', { minLength: 1 }), days: { type: 'array', items: { enum: ['Mon', 'Tue', 'Sun'] } } } },
        card: text('Card', { maxLength: 2000 }),
        extra_words: { title: 'Anything else', description: 'As JSON' },
      },
    },
    result_schema: {
      type: 'object',
      properties: { file: text('Written to'), lines: { type: 'array', title: 'Greetings', items: { type: 'string' } } },
    },
  },
  {
    ...common, type: 'wipe', title: 'Wipe the greeting', description: 'Removes what was left there.', permission: 'admin', risk: 'destructive',
    parameters_schema: { type: 'object', additionalProperties: false, properties: {} },
  },
];
