import { createContext, useContext, type RefObject } from 'react';

// The one element that scrolls: the shell's main area. Long tables draw only what it shows.
const ScrollContext = createContext<RefObject<HTMLElement | null>>({ current: null });

export const ScrollProvider = ScrollContext;

export function useScrollArea(): RefObject<HTMLElement | null> {
  return useContext(ScrollContext);
}
