#pragma once
// libsolv's headers are C, some without saying so, and one has a member with the name of a word that C++ has
// made its own since. They come before libdnf's; our own sources get this by the compiler's -include, since
// an order of includes would not survive the formatter.

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
