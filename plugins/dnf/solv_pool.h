#pragma once
// libsolv's headers are C and have a member with the name of a word that C++ has made its own since. The
// compiler is told to read this before each file, since an order of includes would not survive the formatter.

#include <cstdio>
#include <cstdlib>
#include <cstring>

#define requires requires_
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solvable.h>
#undef requires

extern "C" {
#include <solv/repo_repomdxml.h>
#include <solv/solv_xfopen.h>
}
