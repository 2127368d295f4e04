import { Modal, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { updateQuery } from '../../api/queries';
import type { Update, UpdateDetail } from '../../api/types';
import { localTime, utc } from '../../format/time';
import { command_states, update_states } from '../../format/words';
import { LogView } from '../../parts/log-view';
import { Facts, Panel } from '../../parts/panel';
import { Failure } from '../../parts/states';
import { WordTag } from '../../parts/tag';

type Fact = [string, ReactNode];

function when(at: string): string {
  return `${localTime(at)} (${utc(at)})`;
}

function approvalFact({ approval }: UpdateDetail): Fact {
  return ['Approved', approval ? `${approval.by}, ${when(approval.at)}, version ${approval.version}` : 'not known any more'];
}

function commandFact(command: UpdateDetail['commands'][number]): Fact {
  return [
    command.title,
    <>
      <Link to="/operations/$commandId" params={{ commandId: command.id }}>
        <WordTag word={command_states[command.state]} />
      </Link>
      {` ${when(command.state_since)}, ordered by ${command.actor}`}
      {command.plan_hash && (
        <div className="break">
          plan <span className="mono">{command.plan_hash}</span>
        </div>
      )}
    </>,
  ];
}

function rebootFact({ reboot, proof }: UpdateDetail): Fact {
  if (!reboot.needed) return ['Restart', 'not needed'];
  const again = proof?.boot_id && proof.boot_id !== reboot.installed_in_boot;
  return [
    'Restart',
    <span className="break">
      {`needed. Installed in boot ${reboot.installed_in_boot ?? '?'}, ${again ? `seen again in boot ${proof.boot_id}` : 'not seen in another one yet'}`}
    </span>,
  ];
}

function proofFacts({ proof, state }: UpdateDetail): Fact[] {
  if (!proof) return [['Scan', state === 'verified' ? 'not known any more' : 'none has judged it yet']];
  return [
    ['Scan', <span className="mono">{proof.scan_id}</span>],
    ['Its purpose', `${proof.purpose}, by ${proof.plugin} ${proof.plugin_version}, ${when(proof.at)}`],
    [
      'Its completeness',
      <span className="break">
        {`${proof.scope === '' ? 'the only source' : proof.scope}: ${proof.scope_status === 'ok' ? 'read completely' : proof.scope_status}; ${
          state === 'verified' ? 'it no longer lists this update' : `the scan ended as ${proof.status}`
        }`}
      </span>,
    ],
    ['Its boot', <span className="mono break">{proof.boot_id ?? 'not told'}</span>],
  ];
}

function versionsFact({ versions, manager }: UpdateDetail): Fact {
  const after = versions.after ? `${manager} says ${versions.after} is installed` : `${manager} did not say which one is installed`;
  return ['Versions', <span className="break">{`${versions.before ?? 'not installed'} → ${versions.approved}; ${after}`}</span>];
}

function Evidence({ update }: { update: UpdateDetail }) {
  const last = update.commands.at(-1);
  return (
    <>
      <Panel title="What stands behind it" note={<WordTag word={update_states[update.state]} />}>
        <Facts
          facts={[
            approvalFact(update),
            ...update.commands.map(commandFact),
            rebootFact(update),
            ...proofFacts(update),
            versionsFact(update),
            ...(update.reason ? ([['Reason', <span className="break">{update.reason.text}</span>]] as Fact[]) : []),
          ]}
        />
      </Panel>
      {last && (
        <Panel title="Raw log" note={last.title}>
          <LogView lines={last.log} running={false} />
        </Panel>
      )}
    </>
  );
}

export function questionOf({ state }: Update): string | null {
  if (state === 'verified') return 'Why do we say verified?';
  return ['failed', 'installed', 'awaiting_reboot'].includes(state) ? 'What do we know?' : null;
}

export function EvidenceDialog({ update, onClose }: { update: Update; onClose: () => void }) {
  const { data, error, refetch } = useQuery(updateQuery(update.id));
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={`${update.name} on ${update.hostname}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {data ? (
        <Evidence update={data} />
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Skeleton height={240} role="status" aria-label="Loading" />
      )}
    </Modal>
  );
}
