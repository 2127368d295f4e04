# Shared by scripts/make-sandbox and scripts/make-guest, after lib.sh: small Debian roots, tiny packages, and signed
# repositories of them. gpg's home is $SIGNING.
# shellcheck shell=bash

# base_root ROOT: a debootstrapped base. It is kept as an archive: the second one takes a second. Whoever comes first
# makes it, the others wait for it.
base_root() {
  local root=$1 archive=$REPO/build/cache/bookworm-minbase.tar
  mkdir -p "$(dirname "$archive")"
  (
    flock 9
    [ -f "$archive" ] || make_base "$archive"
  ) 9>"$archive.lock"
  mkdir -p "$root" && tar -C "$root" -xf "$archive" && chmod 755 "$root"  # scans and plans have no rights
}

make_base() {  # make_base ARCHIVE
  local archive=$1 work
  say "Making a Debian root (debootstrap, about half a minute)"
  work=$(mktemp -d "$REPO/build/cache/root.XXXXXX")
  debootstrap --variant=minbase bookworm "$work" >"$(log debootstrap)" 2>&1 ||
    { tail -n 5 "$(log debootstrap)" >&2; rm -rf "$work"; die "debootstrap failed; see $(log debootstrap)"; }
  rm -rf "$work"/var/cache/apt/archives/*.deb "$work"/var/lib/apt/lists/*
  tar -C "$work" -cf "$archive.part" . && mv "$archive.part" "$archive"
  rm -rf "$work"
}

# package_of TREE NAME VERSION ARCHITECTURE DEPENDS FOLDER: a .deb of what lies in TREE, which is used up.
package_of() {
  local tree=$1 name=$2 version=$3 architecture=$4 depends=$5 folder=$6
  mkdir -p "$tree/DEBIAN" "$folder"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: RedFlag sandbox <sandbox@localhost>\n' \
      "$name" "$version" "$architecture"
    [ -n "$depends" ] && printf 'Depends: %s\n' "$depends"
    printf 'Section: misc\nPriority: optional\nDescription: something to update in a RedFlag sandbox\n'
  } >"$tree/DEBIAN/control"
  dpkg-deb --build --root-owner-group -Zxz "$tree" "$folder/${name}_${version}_$architecture.deb" >/dev/null
  rm -rf "$tree"
}

# distribution REPOSITORY CODENAME LABEL POCKET: indices of REPOSITORY/pool/POCKET and a signed InRelease
distribution() {
  local repository=$1 codename=$2 label=$3 pocket=$4 dist=$1/dists/$2
  mkdir -p "$dist/main/binary-amd64" "$dist/main/binary-arm64"
  (cd "$repository" && apt-ftparchive packages "pool/$pocket" | tee "$dist/main/binary-arm64/Packages" >"$dist/main/binary-amd64/Packages")
  apt-ftparchive -o APT::FTPArchive::Release::Origin=RedFlag -o APT::FTPArchive::Release::Label="$label" \
    -o APT::FTPArchive::Release::Suite="$codename" -o APT::FTPArchive::Release::Codename="$codename" \
    -o APT::FTPArchive::Release::Architectures="amd64 arm64" -o APT::FTPArchive::Release::Components=main \
    release "$dist" >"$repository/Release"
  mv "$repository/Release" "$dist/Release"
  GNUPGHOME=$SIGNING gpg --batch --quiet --yes --clearsign --output "$dist/InRelease" "$dist/Release"
}

start_signing() {
  mkdir -m 700 "$SIGNING"
  trap stop_signing EXIT
  GNUPGHOME=$SIGNING gpg --batch --quiet --passphrase '' --quick-generate-key "RedFlag sandbox <sandbox@localhost>" ed25519 sign never
}

# gpg leaves an agent running behind it, which takes its sockets away when it ends.
stop_signing() {
  local waited=0
  gpgconf --homedir "$SIGNING" --kill gpg-agent || true
  while [ -e "$SIGNING/S.gpg-agent" ] && [ $((waited += 1)) -lt 50 ]; do sleep 0.1; done
}

# trust_signing ROOT: apt there takes what start_signing's key has signed.
trust_signing() {
  GNUPGHOME=$SIGNING gpg --batch --export --armor >"$1/etc/apt/trusted.gpg.d/sandbox.asc"
  chmod 644 "$1/etc/apt/trusted.gpg.d/sandbox.asc"
}
