// Clients and their sites.
import { makeId } from './data/ids.mjs';

function newPlace(places, place) {
  places.push({ id: makeId('PLACE', places.length), ...place });
  return places.at(-1);
}

const clientOf = ({ fleet }, id) => fleet.clients.find((each) => each.id === id);
const siteOf = ({ fleet }, id) => fleet.clients.flatMap((each) => each.sites).find((each) => each.id === id);

export const routes = {
  'GET clients': (mock) => [200, { items: mock.fleet.clients }],
  'POST clients': (mock, { body }) => [201, newPlace(mock.fleet.clients, { name: body.name, sites: [] })],
  'POST clients/{id}/sites': (mock, { id, body }) => [201, newPlace(clientOf(mock, id).sites, { name: body.name, agents: 0, time_zone: 'UTC' })],
  'PATCH clients/{id}': (mock, { id, body }) => [200, Object.assign(clientOf(mock, id), body)],
  'PATCH sites/{id}': (mock, { id, body }) => [200, Object.assign(siteOf(mock, id), body)],
  'PUT sites/{id}/time-zone': (mock, { id, body }) => [200, Object.assign(siteOf(mock, id), body)],
  'DELETE clients/{id}': () => [204],
  'DELETE sites/{id}': () => [204],
};
