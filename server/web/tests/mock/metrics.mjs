// Measurements of one machine.
import { isFilling } from './common.mjs';

function metricsOf(mock, id, query) {
  const steps = { day: [600, 144], week: [3600, 168], year: [86400, 365] }[query.get('period') ?? 'day'];
  const end = Math.floor(Date.parse(mock.fleet.at(0)) / 1000);
  const [step, count] = steps;
  const series = (name, label, value, spread) => ({
    name,
    label,
    value,
    at: mock.fleet.at(300),
    points: Array.from({ length: count }, (_, n) => {
      const wave = Math.sin(n / 9) * spread + ((n * 37) % 11) * spread * 0.04;
      const begin = Math.floor(end / step) * step - (count - 1 - n) * step;
      return [begin, Math.max(0, value + wave - (step > 600 ? spread * 0.3 : 0)), Math.max(0, value + wave)];
    }).filter((_, n) => n % 50 < 44),
  });
  const days = isFilling(mock.fleet.agents.find((agent) => agent.id === id)) ? 6.3 : 34.2;
  if (id.endsWith('9')) return { from: mock.fleet.at(86400), to: mock.fleet.at(0), step_s: step, items: [], more: false };
  return {
    from: mock.fleet.at(step * count),
    to: mock.fleet.at(0),
    step_s: step,
    items: [
      series('filesystem_available_bytes', 'mount=/', 21.5e9, 1.5e9),
      series('filesystem_available_bytes', 'mount=/srv/<b>hostile</b>', 310e9, 40e9),
      { ...series('filesystem_full_in_days', 'mount=/', days, 0), points: [] },
      series('load_average_1m_ratio', '', 0.42, 0.4),
      series('memory_available_bytes', '', 5.2e9, 1e9),
      series('pressure_waiting_percent', 'resource=io,tasks=some', 1.7, 1.5),
      { ...series('swap_used_bytes', '', 0, 0), points: [] },
    ],
    more: false,
  };
}

export const routes = {
  'GET agents/{id}/metrics': (mock, { id, query }) => [200, metricsOf(mock, id, query)],
};
