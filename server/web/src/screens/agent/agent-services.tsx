import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';

import { newIntention, orderCommand } from '../../api/actions';
import { siteOf, useRoleFor } from '../../api/permissions';
import { recordsQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { AgentDetail } from '../../api/types';
import { some } from '../../format/number';
import { outdatedServices, type Service } from '../../format/services';
import { GuardedButton } from '../../parts/guarded-button';
import { Panel } from '../../parts/panel';
import { sayDone } from '../../parts/said';
import { ProblemCodes } from '../../parts/states';
import { Tag } from '../../parts/tag';
import classes from './agent.module.css';

const restart = 'restart_services';
const most_at_once = 32; // of the order's own schema

// Services that still run what an update has replaced. Nothing is shown where there are none.
export function AgentServices({ agent }: { agent: AgentDetail }) {
  const { data } = useInfiniteQuery(recordsQuery(agent.id, 'service/1', undefined));
  const [asking, setAsking] = useState(false);
  const needs = useRoleFor(rights.createCommands, restart);
  const services = outdatedServices((data?.pages ?? []).flatMap((page) => page.items));
  if (services.length === 0) return null;
  const restartable = services.filter((service) => !service.needs_reboot);
  return (
    <Panel
      title="Services to restart"
      note={`${some(services.length, 'service')} still ${services.length === 1 ? 'runs' : 'run'} what an update replaced`}
      action={
        <GuardedButton
          needs={needs}
          at={siteOf(agent)}
          size="compact-sm"
          variant="default"
          blocked={blockedBy(agent, restartable)}
          onClick={() => setAsking(true)}
        >
          Restart…
        </GuardedButton>
      }
    >
      <ul className={classes.plugins}>
        {services.map((service) => (
          <li key={service.name} className={classes.plugin}>
            <div className={classes.line}>
              <h3 className="break">{service.name}</h3>
              {service.needs_reboot && <Tag tone="notice">Needs a restart of the machine</Tag>}
              {service.packages.length > 0 && <span className="dim break">{service.packages.join(', ')}</span>}
            </div>
            <p className={classes.note}>{service.reason}</p>
          </li>
        ))}
      </ul>
      {asking && <Restart agent={agent} services={restartable} onClose={() => setAsking(false)} />}
    </Panel>
  );
}

function blockedBy(agent: AgentDetail, restartable: Service[]): string | null {
  if (agent.mode === 'report') return 'This agent is in report mode: nothing can be changed there';
  return restartable.length === 0 ? 'A restart of the machine renews them, and no order restarts them alone' : null;
}

function Restart({ agent, services, onClose }: { agent: AgentDetail; services: Service[]; onClose: () => void }) {
  const [chosen, setChosen] = useState(() => services.slice(0, most_at_once).map(({ name }) => name));
  const [intention] = useState(newIntention);
  const navigate = useNavigate();
  const order = useMutation({
    mutationFn: () => orderCommand(restart, [agent.id], { services: chosen }, intention),
    onSuccess: ([placed]) => {
      sayDone(`Ordered for ${agent.hostname}: restart ${some(chosen.length, 'service')}`);
      if (placed) void navigate({ to: '/operations/$commandId', params: { commandId: placed.id } });
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Restart services on ${agent.hostname}`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <p style={{ marginTop: 0 }}>
        One after the other. Whoever uses one of them notices.
        {services.length > most_at_once && ` At most ${most_at_once} in one order.`}
      </p>
      <Checkbox.Group label="Services" value={chosen} onChange={(next) => setChosen(next.slice(0, most_at_once))}>
        {services.map(({ name }) => (
          <Checkbox key={name} value={name} label={name} mt="xs" />
        ))}
      </Checkbox.Group>
      {order.isError && (
        <div role="alert">
          <p>{order.error.message}</p>
          <ProblemCodes error={order.error} />
        </div>
      )}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose} data-autofocus>
          Not now
        </Button>
        <Button loading={order.isPending} disabled={chosen.length === 0} onClick={() => order.mutate()}>
          {`Restart ${some(chosen.length, 'service')}`}
        </Button>
      </Group>
    </Modal>
  );
}
