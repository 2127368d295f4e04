// Clients and sites of the made-up fleet.
import { makeId } from './ids.mjs';

export const clients = [
  { name: 'Harbour Dental', sites: ['Front desk', 'Practice'] },
  { name: 'Northfield Logistics', sites: ['Depot', 'Office', 'Yard'] },
  { name: 'Saint Agnes School', sites: ['Main building'] },
  { name: 'Wessel & Sons Precision Engineering and Toolmaking', sites: ['Works'] },
].map((client, c) => ({
  id: makeId('CLIENT', c + 1),
  name: client.name,
  sites: client.sites.map((name, s) => ({ id: makeId('SITE', c * 10 + s), name, agents: 0, time_zone: s === 1 ? 'America/New_York' : 'Europe/London' })),
}));

export const nowhere = { client_id: null, client_name: null, site_id: null, site_name: null };
