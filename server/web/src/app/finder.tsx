import { Combobox, Modal, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';

import { agentsQuery, groupsQuery } from '../api/queries';
import type { Agent, UpdateGroup } from '../api/types';
import { some } from '../format/number';
import { IconArrowRight, IconPackages, IconSearch, IconServer2 } from '../parts/icons';
import classes from './finder.module.css';
import { stringifySearch } from './search';

const shown = 6;
const typing_ms = 200;

interface Hit {
  href: string;
  name: string;
  note?: string;
}

const screens: Hit[] = [
  { href: '/', name: 'Overview' },
  { href: '/agents', name: 'Agents' },
  { href: '/updates', name: 'Updates' },
  { href: '/operations', name: 'Operations' },
  { href: '/schedules', name: 'Schedules' },
  { href: '/enrolment', name: 'Enrolment' },
  { href: '/settings', name: 'Settings' },
  { href: '/account', name: 'Account' },
  { href: '/audit', name: 'Audit' },
  { href: '/settings/security', name: 'Security' },
];

function agentHit(agent: Agent): Hit {
  return { href: `/agents/${agent.id}`, name: agent.hostname, note: `${agent.client.name} / ${agent.site.name}` };
}

function groupHit({ manager, name, arch, candidate_version: version, agents }: UpdateGroup): Hit {
  const search = stringifySearch({ manager, name, arch, version });
  return { href: `/updates/rows${search}`, name: `${name} ${version}`, note: some(agents, 'machine') };
}

// Ctrl+K: one field over screens, agents and updates.
export default function Finder({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), typing_ms);
  const router = useRouter();
  const box = useCombobox({ opened: true });
  const asking = search !== '';
  const agents = useInfiniteQuery({ ...agentsQuery({ search }), enabled: asking });
  const groups = useInfiniteQuery({ ...groupsQuery({ search }), enabled: asking });

  const foundScreens = screens.filter(({ name }) => name.toLowerCase().includes(typed.trim().toLowerCase()));
  const foundAgents = asking ? (agents.data?.pages[0]?.items.slice(0, shown).map(agentHit) ?? []) : [];
  const foundGroups = asking ? (groups.data?.pages[0]?.items.slice(0, shown).map(groupHit) ?? []) : [];
  const hits = foundScreens.length + foundAgents.length + foundGroups.length;
  const busy = asking && (agents.isFetching || groups.isFetching);
  const selectFirst = box.selectFirstOption;
  useEffect(() => void selectFirst(), [hits, search, selectFirst]);

  const go = (href: string) => {
    onClose();
    router.history.push(href);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title="Search"
      size="lg"
      centered={false}
      yOffset="10dvh"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Combobox store={box} onOptionSubmit={go}>
        <Combobox.EventsTarget>
          <TextInput
            data-autofocus
            aria-label="Agents, updates, screens"
            placeholder="Agents, updates, screens"
            value={typed}
            maxLength={200}
            onChange={(event) => setTyped(event.currentTarget.value)}
            leftSection={<IconSearch size={16} aria-hidden />}
          />
        </Combobox.EventsTarget>
        <Combobox.Options className={classes.results} aria-label="Results">
          <Hits label="Screens" hits={foundScreens} icon={<IconArrowRight size={18} aria-hidden />} />
          <Hits label="Agents" hits={foundAgents} icon={<IconServer2 size={18} aria-hidden />} />
          <Hits label="Updates" hits={foundGroups} icon={<IconPackages size={18} aria-hidden />} />
          {hits === 0 && <Combobox.Empty>{busy ? 'Searching…' : 'Nothing found'}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox>
    </Modal>
  );
}

function Hits({ label, hits, icon }: { label: string; hits: Hit[]; icon: ReactNode }) {
  if (hits.length === 0) return null;
  return (
    <Combobox.Group label={label}>
      {hits.map((hit) => (
        <Combobox.Option key={hit.href} value={hit.href} className={classes.option}>
          {icon}
          <span>
            <span className="clip">{hit.name}</span>
            {hit.note && <small className="clip">{hit.note}</small>}
          </span>
        </Combobox.Option>
      ))}
    </Combobox.Group>
  );
}
