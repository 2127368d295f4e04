// The command types that differ by manager, on a real rpm root with a repository made by createrepo_c.
import { orderCommandTypes } from './lib/command_types.mjs';
import { DnfMachine } from './lib/dnf_machine.mjs';

orderCommandTypes('command-types-dnf', new DnfMachine('command-types-dnf'));
