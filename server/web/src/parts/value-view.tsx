import type { ReactNode } from 'react';

import { labelOf, propertiesOf, type Json } from '../format/schema';
import { Facts } from './panel';
import classes from './value-view.module.css';

const shown_rows = 200;

function schemaOf(schema: unknown, name: string): unknown {
  return propertiesOf(schema).find(([key]) => key === name)?.[1];
}

function itemsOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'items' in schema ? schema.items : undefined;
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// An answer of a machine, in the words of its schema where it has any; what the schema does not name is shown as well.
export function ValueView({ value, schema }: { value: Json; schema: unknown }): ReactNode {
  if (value === null || value === '') return <span className="dim">none</span>;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return <span className="number">{value}</span>;
  if (typeof value === 'string') {
    return value.includes('\n') ? <pre className={classes.text} tabIndex={0}>{value}</pre> : <span className="break">{value}</span>;
  }
  if (Array.isArray(value)) return <ListView values={value} schema={itemsOf(schema)} />;
  const named = propertiesOf(schema).map(([name]) => name);
  const order = [...named.filter((name) => name in value), ...Object.keys(value).filter((name) => !named.includes(name))];
  if (order.length === 0) return <span className="dim">none</span>;
  return (
    <Facts
      facts={order.map((name) => {
        const of = schemaOf(schema, name);
        return [labelOf(name, of), <ValueView key={name} value={value[name] ?? null} schema={of} />];
      })}
    />
  );
}

function ListView({ values, schema }: { values: Json[]; schema: unknown }) {
  if (values.length === 0) return <span className="dim">none</span>;
  const shown = values.slice(0, shown_rows);
  const more = values.length > shown.length && <p className="dim">{`and ${values.length - shown.length} more`}</p>;
  if (!shown.every(isObject)) {
    return (
      <>
        <ul className={classes.list}>
          {shown.map((each, index) => (
            <li key={index}>
              <ValueView value={each} schema={schema} />
            </li>
          ))}
        </ul>
        {more}
      </>
    );
  }
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label="Rows">
      <table>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {labelOf(name, schemaOf(schema, name))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, index) => (
            <tr key={index}>
              {columns.map((name) => (
                <td key={name}>
                  <ValueView value={row[name] ?? null} schema={schemaOf(schema, name)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}
