// What scenes wait for, and what several of them do.
import { makeId } from '../mock/data/ids.mjs';

export const agent = (n) => `/agents/${makeId('AGENT', n)}`;
export const heading = (name) => (page) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
export const table = (name) => (page) => page.getByRole('table', { name }).waitFor();
export const text = (value) => (page) => page.getByText(value).first().waitFor();
export const loading = (page) => page.getByRole('status', { name: 'Loading' }).first().waitFor();

export async function orderDialog(page, type) {
  await page.getByRole('button', { name: 'Order a command…' }).click();
  await page.getByRole('combobox', { name: 'Command' }).or(page.getByRole('textbox', { name: 'Command' })).click();
  await page.getByRole('option', { name: type }).click();
  await page.getByRole('button', { name: `Order: ${type}` }).waitFor();
}
