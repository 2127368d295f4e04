// The command types that differ by manager, on a real engine with containers from a real registry.
import { orderCommandTypes } from './lib/command_types.mjs';
import { DockerMachine } from './lib/docker_machine.mjs';

orderCommandTypes('command-types-docker', new DockerMachine('command-types-docker'));
