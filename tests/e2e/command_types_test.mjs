// Every command type on a real apt root; lib/command_types.mjs says what is done, and how it is proved.
import { AptMachine } from './lib/apt_machine.mjs';
import { orderCommandTypes } from './lib/command_types.mjs';

orderCommandTypes('command-types', new AptMachine('command-types'), { everything: true });
