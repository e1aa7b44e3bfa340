// SPDX-License-Identifier: EUPL-1.2
#include "tests/os/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/testing.h"

enum { FOLDERS_OPEN_MAX = 8 };

struct scratch scratch_make(void)
{
    struct scratch scratch;
    const char *parent = getenv("TMPDIR");
    snprintf(scratch.path, sizeof scratch.path, "%s/linie-test-XXXXXX",
             parent == NULL ? "/tmp" : parent);
    assert_non_null(mkdtemp(scratch.path));
    return scratch;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void scratch_remove(const struct scratch *scratch)
{
    assert_int_equal(nftw(scratch->path, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS), 0);
}

struct disk *scratch_disk(struct op *op, const struct scratch *scratch)
{
    struct disk *disk;
    check_err(disk_open_real(op, span_of(scratch->path), &disk), ERR_OK);
    return disk;
}
