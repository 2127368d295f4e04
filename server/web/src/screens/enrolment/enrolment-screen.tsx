import { Button, NumberInput, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { createToken } from '../../api/actions';
import { useMay, useMayThere } from '../../api/permissions';
import { clientsQuery, tokensQuery } from '../../api/queries';
import { rights } from '../../api/rights';
import type { NewEnrolmentToken } from '../../api/types';
import { Panel } from '../../parts/panel';
import { sayFailed } from '../../parts/said';
import { ScreenHead } from '../../parts/screen-head';
import { NoPermission } from '../../parts/states';
import classes from './enrolment.module.css';
import { Tokens } from './tokens';
import { WaitingFor } from './waiting-for';

const lifetimes = [
  { value: '3600', label: 'One hour' },
  { value: '86400', label: 'One day' },
  { value: '604800', label: 'One week' },
  { value: '2592000', label: '30 days' },
];

interface Made {
  token: NewEnrolmentToken;
  atMs: number;
}

export function EnrolmentScreen() {
  const allowed = useMay(rights.createEnrolmentToken);
  const [made, setMade] = useState<Made | null>(null);
  return (
    <>
      <ScreenHead title="Enrolment" />
      {allowed ? (
        <>
          {made && <WaitingFor token={made.token} madeAtMs={made.atMs} />}
          <MakeToken again={made !== null} onMade={(token) => setMade({ token, atMs: Date.now() })} />
          <Tokens />
        </>
      ) : (
        <NoPermission />
      )}
    </>
  );
}

function MakeToken({ again, onMade }: { again: boolean; onMade: (token: NewEnrolmentToken) => void }) {
  const [seats, setSeats] = useState<string | number>(1);
  const [lifetime, setLifetime] = useState('3600');
  const [site, setSite] = useState('');
  const [chosen, setChosen] = useState<'auto' | 'manual' | null>(null);
  const accept = chosen ?? (Number(seats) > 1 ? 'manual' : 'auto');
  const clients = useQuery(clientsQuery).data ?? [];
  const queries = useQueryClient();
  const may = useMayThere(rights.createEnrolmentToken);
  const sites = clients.flatMap((client) =>
    client.sites
      .filter((each) => may({ client_id: client.id, site_id: each.id }))
      .map((each) => ({ value: each.id, label: `${client.name} / ${each.name}` })),
  );
  const valid = typeof seats === 'number' && Number.isInteger(seats) && seats >= 1;
  const make = useMutation({
    mutationFn: () => createToken(Number(seats), Number(lifetime), site || null, accept),
    onSuccess: onMade,
    onError: (error) => sayFailed('No token was made', error),
    onSettled: () => void queries.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  return (
    <Panel title={again ? 'Another token' : 'Enrol machines'} note="A token is good for a number of machines and a time">
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <NumberInput
          label="Machines"
          min={1}
          max={10_000}
          allowDecimal={false}
          clampBehavior="strict"
          value={seats}
          onChange={setSeats}
        />
        <Select
          label="Good for"
          data={lifetimes}
          value={lifetime}
          allowDeselect={false}
          onChange={(value) => setLifetime(value ?? lifetime)}
        />
        <Select
          label="Who lets them in"
          data={[
            { value: 'auto', label: 'The token alone' },
            { value: 'manual', label: 'A person, one by one' },
          ]}
          value={accept}
          allowDeselect={false}
          onChange={(value) => setChosen(value === 'manual' ? 'manual' : 'auto')}
        />
        {sites.length > 1 && (
          <Select
            label="Site"
            data={[{ value: '', label: 'The default site' }, ...sites]}
            value={site}
            allowDeselect={false}
            onChange={(value) => setSite(value ?? '')}
          />
        )}
        <Button type="submit" loading={make.isPending} disabled={!valid} variant={again ? 'default' : 'filled'}>
          Make a token
        </Button>
      </form>
    </Panel>
  );
}
