// Packages of which the made-up fleet has updates. Some names are as hostile as a machine may send them.

export const packages = [
  ['openssl', 'openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', 'security', 'high', 'Debian-Security', ['DSA-5999-1'], ['CVE-2099-10001', 'CVE-2099-10002']],
  ['libssl3', 'openssl', '3.0.15-1~deb12u1', '3.0.17-1~deb12u2', 'security', 'high', 'Debian-Security', ['DSA-5999-1'], ['CVE-2099-10001']],
  ['linux-image-amd64', 'linux-signed-amd64', '6.1.128-1', '6.1.137-1', 'security', 'critical', 'Debian-Security', ['DSA-5998-1'], ['CVE-2099-10077']],
  ['libc6', 'glibc', '2.36-9+deb12u9', '2.36-9+deb12u10', 'security', 'unknown', 'Debian-Security', [], []],
  ['nginx', 'nginx', '1.22.1-9', '1.22.1-9+deb12u1', 'security', 'medium', 'Debian-Security', ['DSA-5997-1'], ['CVE-2099-10055']],
  ['tzdata', 'tzdata', '2025a-0+deb12u1', '2025b-0+deb12u1', 'bugfix', 'unknown', 'Debian', [], []],
  ['postgresql-15', 'postgresql-15', '15.10-0+deb12u1', '15.13-0+deb12u1', 'security', 'low', 'Debian-Security', ['DSA-5996-1'], []],
  ['curl', 'curl', '7.88.1-10+deb12u8', '7.88.1-10+deb12u12', 'bugfix', 'unknown', 'Debian', [], []],
  ['base-files', 'base-files', '12.4+deb12u9', '12.4+deb12u11', 'enhancement', 'unknown', 'Debian', [], []],
  ['firmware-iwlwifi', 'firmware-nonfree', '20230210-5', '20230625-2~bpo12+1', 'firmware', 'unknown', 'Debian Backports', [], []],
  ['python3.11-minimal', 'python3.11', '3.11.2-6+deb12u4', '3.11.2-6+deb12u6', 'security', 'unknown', 'Debian-Security', [], ['CVE-2099-10012']],
  ['a-package-with-an-unreasonably-long-name-that-somebody-really-published-dev', 'long', '1:2.3.4+git20990101.0badc0ffee-0ubuntu0.22.04.1~ppa1', '1:2.3.5+git20990202.0badc0ffee-0ubuntu0.22.04.1~ppa1', 'unknown', 'unknown', 'LP-PPA-example-long-archive', [], []],
  ['<b>bold</b>', 'hostile', '1.0', '1.1<script>window.hostile=1</script>', 'feature', 'unknown', '"><img src=x onerror=window.hostile=1>', [], []],
];
