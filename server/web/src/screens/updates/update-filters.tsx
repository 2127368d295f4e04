import type { GroupFilter } from '../../api/queries';
import type { Category, UpdateState } from '../../api/types';
import { count } from '../../format/number';
import { categories, open_states, update_states } from '../../format/words';
import { Choice, FilterBar, options, RowCount } from '../../parts/filters';
import { SearchField } from '../../parts/search-field';

interface UpdateFiltersProps {
  filter: GroupFilter;
  onChange: (change: GroupFilter) => void;
  total: number | undefined; // of updates, one for each machine
  different?: number | undefined; // of rows, where one stands for many machines
  search: string;
  oneKind?: boolean | undefined; // all rows have the same category
}

const category_options = options<Category>(categories);
const state_options = options<UpdateState>(update_states);

export function UpdateFilters({ filter, onChange, total, different, search, oneKind }: UpdateFiltersProps) {
  const several = (filter.state?.length ?? 0) > 1;
  return (
    <FilterBar>
      <SearchField
        label={search}
        value={filter.search ?? ''}
        onChange={(text) => onChange({ search: text || undefined })}
      />
      {!oneKind && (
        <Choice
          label="Category"
          any="Any category"
          value={filter.category}
          options={category_options}
          onChange={(category) => onChange({ category })}
        />
      )}
      <Choice
        label="State"
        any={several ? 'Several states' : open_states}
        value={several ? undefined : filter.state?.[0]}
        options={state_options}
        onChange={(state) => onChange({ state: state && [state] })}
      />
      <RowCount total={total} one="update" note={different === undefined ? '' : ` · ${count(different)} different`} />
    </FilterBar>
  );
}
