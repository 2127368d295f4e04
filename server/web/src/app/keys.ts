import { useEffect } from 'react';

interface Keys {
  find: () => void;
  list: () => void;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isCheckbox(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'checkbox';
}

// By the character and not by the key's place: `/` and `?` are elsewhere on other keyboards.
export function useKeys({ find, list }: Keys): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        find();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) && !isCheckbox(event.target)) return;
      if (document.querySelector('[role="dialog"]')) return;
      if (event.key === '?') list();
      if (event.key === '/') {
        const filter = document.querySelector<HTMLInputElement>('input[data-filter], [data-filter] input');
        if (filter) {
          event.preventDefault();
          filter.focus();
          filter.select();
        }
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [find, list]);
}
