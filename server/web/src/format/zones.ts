// Every time zone this browser knows; the server says no to one that it does not.
export const zone_names: string[] = [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])];

export const own_zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone;
