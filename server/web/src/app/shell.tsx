import { ActionIcon, Kbd, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';

import { signOut } from '../api/actions';
import { mayThere } from '../api/permissions';
import { overviewQuery, sessionQuery } from '../api/queries';
import { rights } from '../api/rights';
import { useNow } from '../format/clock';
import { count } from '../format/number';
import { localClock } from '../format/time';
import { roles } from '../format/words';
import { Live, useLiveness } from '../live/live';
import {
  IconActivity,
  IconAlertTriangle,
  IconCalendarTime,
  IconCloudOff,
  IconDeviceDesktop,
  IconHistory,
  IconHome,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconPackages,
  IconPlugConnected,
  IconSearch,
  IconServer2,
  IconSettings,
  IconShieldHalf,
  IconSun,
  IconUserCircle,
} from '../parts/icons';
import { ProofDialog } from '../parts/proof-dialog';
import { sayFailed } from '../parts/said';
import { ScrollProvider } from '../parts/scroll';
import { Dot } from '../parts/tag';
import { useKeys } from './keys';
import classes from './shell.module.css';

const Finder = lazy(() => import('./finder'));
const KeyList = lazy(() => import('./key-list'));

const screens = [
  { to: '/', text: 'Overview', Icon: IconHome },
  { to: '/agents', text: 'Agents', Icon: IconServer2 },
  { to: '/updates', text: 'Updates', Icon: IconPackages },
  { to: '/operations', text: 'Operations', Icon: IconActivity },
  { to: '/schedules', text: 'Schedules', Icon: IconCalendarTime },
  { to: '/errors', text: 'Errors', Icon: IconAlertTriangle },
  { to: '/enrolment', text: 'Enrolment', Icon: IconPlugConnected },
  { to: '/settings', text: 'Settings', Icon: IconSettings },
] as const;

// For administrators; where the window is narrow they are in the menu of the account alone.
const guarded_screens = [
  { to: '/audit', text: 'Audit', Icon: IconHistory, needs: rights.listAudit, at: undefined },
  { to: '/settings/security', text: 'Security', Icon: IconShieldHalf, needs: rights.getSecurity, at: 'everywhere' },
] as const;

function useGuardedScreens() {
  const { data } = useQuery(sessionQuery);
  return guarded_screens.filter(({ needs, at }) => data != null && mayThere(data.user.grants, needs, at));
}

export function Shell() {
  return (
    <Live>
      <Frame />
    </Live>
  );
}

function Frame() {
  const main = useRef<HTMLElement>(null);
  const [finding, setFinding] = useState(false);
  const [listing, setListing] = useState(false);
  const away = useAway();
  const guarded = useGuardedScreens();
  const { pathname } = useLocation();
  useSessionEnd();
  useKeys({ find: () => setFinding(true), list: () => setListing(true) });
  useEffect(() => void main.current?.scrollTo({ top: 0 }), [pathname]);

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <nav className={classes.side} aria-label="Screens">
        <Brand />
        {screens.map(({ to, text, Icon }) => (
          <Link key={to} to={to} className={classes.link} data-wide={to === '/settings' || to === '/schedules' || to === '/errors' || undefined} activeOptions={{ exact: to === '/' || to === '/settings', includeSearch: false }}>
            <Icon size={19} stroke={1.7} aria-hidden />
            {text}
            {to === '/operations' && <Confirmations />}
          </Link>
        ))}
        {guarded.map(({ to, text, Icon }) => (
          <Link key={to} to={to} className={classes.link} data-wide activeOptions={{ includeSearch: false }}>
            <Icon size={19} stroke={1.7} aria-hidden />
            {text}
          </Link>
        ))}
      </nav>
      <header className={classes.top}>
        <Brand />
        <UnstyledButton className={classes.find} onClick={() => setFinding(true)}>
          <IconSearch size={16} aria-hidden />
          <span>Search agents and updates</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
        <div className={classes.spring} />
        <LiveMark away={away} />
        <PersonMenu showKeys={() => setListing(true)} />
      </header>
      {away && <AwayBanner since={away.since} />}
      <main id="main" ref={main} className={classes.main} tabIndex={-1} data-stale={away ? true : undefined}>
        <ScrollProvider value={main}>
          <div className={classes.content}>
            <Outlet />
          </div>
        </ScrollProvider>
      </main>
      <ProofDialog />
      <Suspense fallback={null}>
        {finding && <Finder onClose={() => setFinding(false)} />}
        {listing && <KeyList onClose={() => setListing(false)} />}
      </Suspense>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className={classes.brand} aria-label="RedFlag: overview">
      <img src="/flag.svg" alt="" width={20} height={20} />
      RedFlag
    </Link>
  );
}

function Confirmations() {
  const waiting = useQuery(overviewQuery).data?.updates.awaiting_confirmation ?? 0;
  if (waiting === 0) return null;
  return (
    <span className={classes.badge} data-tone="warning" title="Updates whose plan needs confirmation">
      {count(waiting)}
    </span>
  );
}

const patience_ms = 3000;

// A short cut is nobody's business; a longer one is said.
function useAway(): { since: string } | null {
  const { awaySinceMs } = useLiveness();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (awaySinceMs === null) return setShown(false);
    const timer = setTimeout(() => setShown(true), Math.max(0, awaySinceMs + patience_ms - Date.now()));
    return () => clearTimeout(timer);
  }, [awaySinceMs]);
  return shown && awaySinceMs !== null ? { since: new Date(awaySinceMs).toISOString() } : null;
}

function AwayBanner({ since }: { since: string }) {
  useNow();
  return (
    <div className={classes.banner} role="alert">
      <IconCloudOff size={18} aria-hidden />
      <strong>The server is out of reach.</strong>
      <span>What you see is from {localClock(since)}; connecting again.</span>
    </div>
  );
}

function LiveMark({ away }: { away: object | null }) {
  const { status } = useLiveness();
  const word = away
    ? ({ text: 'Stale', tone: 'warning' } as const)
    : status === 'live'
      ? ({ text: 'Live', tone: 'good' } as const)
      : ({ text: 'Connecting', tone: 'quiet' } as const);
  return (
    <span className={classes.live}>
      <Dot word={word} />
      <span aria-hidden>{word.text}</span>
    </span>
  );
}

// The session has ended: by sign-out here or elsewhere, or because the server says so.
function useSessionEnd(): void {
  const { data } = useQuery(sessionQuery);
  const router = useRouter();
  useEffect(() => {
    if (data !== null) return;
    const { href } = router.state.location;
    void router.navigate({ to: '/sign-in', search: { next: href === '/' ? undefined : href }, replace: true });
  }, [data, router]);
}

function PersonMenu({ showKeys }: { showKeys: () => void }) {
  const { data: session } = useQuery(sessionQuery);
  const guarded = useGuardedScreens();
  // Holding transitions back would need an inline <style>.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => queries.setQueryData(sessionQuery.queryKey, null),
    onError: (error) => sayFailed('You are still signed in', error),
  });
  const schemes = [
    { value: 'light', text: 'Light', Icon: IconSun },
    { value: 'dark', text: 'Dark', Icon: IconMoon },
    { value: 'auto', text: 'As the system', Icon: IconDeviceDesktop },
  ] as const;
  return (
    <Menu position="bottom-end" width={220} shadow="md" withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Account and appearance">
          <IconUserCircle size={22} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {session && <Menu.Label>{`${session.user.username} · ${roles[session.user.role]}`}</Menu.Label>}
        <Menu.Divider />
        {schemes.map(({ value, text, Icon }) => (
          <Menu.Item
            key={value}
            aria-current={colorScheme === value || undefined}
            leftSection={<Icon size={16} />}
            rightSection={colorScheme === value ? '✓' : null}
            onClick={() => setColorScheme(value)}
          >
            {text}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconShieldHalf size={16} />}
          onClick={() => void navigate({ to: '/account' })}
        >
          Account
        </Menu.Item>
        <Menu.Item leftSection={<IconAlertTriangle size={16} />} onClick={() => void navigate({ to: '/errors' })}>
          Errors
        </Menu.Item>
        <Menu.Item
          leftSection={<IconCalendarTime size={16} />}
          onClick={() => void navigate({ to: '/schedules' })}
        >
          Schedules
        </Menu.Item>
        <Menu.Item
          leftSection={<IconSettings size={16} />}
          onClick={() => void navigate({ to: '/settings' })}
        >
          Settings
        </Menu.Item>
        {guarded.map(({ to, text, Icon }) => (
          <Menu.Item key={to} component={Link} to={to} leftSection={<Icon size={16} />}>
            {text}
          </Menu.Item>
        ))}
        {guarded.length > 0 && <Menu.Divider />}
        <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<Kbd size="xs">?</Kbd>} onClick={showKeys}>
          Keys
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => leave.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
