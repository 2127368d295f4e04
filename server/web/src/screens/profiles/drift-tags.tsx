import type { SettingsDriftCounts } from '../../api/types';
import { count, some } from '../../format/number';
import { settings_drifts } from '../../format/words';
import { Tag } from '../../parts/tag';
import { driftsOf } from './profile-words';
import classes from './profiles.module.css';

// How many machines are how far, without the states that none is in.
export function DriftTags({ counts }: { counts: SettingsDriftCounts }) {
  return (
    <span className={classes.states}>
      {driftsOf(counts).map((drift) => (
        <Tag key={drift} tone={settings_drifts[drift].tone} title={some(counts[drift], 'machine')}>
          {`${count(counts[drift])} ${settings_drifts[drift].text.toLowerCase()}`}
        </Tag>
      ))}
    </span>
  );
}
