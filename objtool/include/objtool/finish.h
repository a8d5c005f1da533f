/* SPDX-License-Identifier: GPL-2.0-or-later */
/* finish.h - records in any order -> sorted, as the lines of a .checksums file */
#ifndef OBJTOOL_FINISH_H
#define OBJTOOL_FINISH_H

#include <objtool/pool.h>
#include <objtool/records.h>

/*
 * Write names in the file's form, sort into file order, make .lines and compute .total: to be
 * called once, after the last records_add(). The result is the same for any @pool.
 */
void records_finish(struct records *recs, struct pool *pool);

/*
 * The same for who only writes them: .rec is NULL afterwards, .nr how many there were. A kernel's
 * are 9 MB, which would be copied in order for nobody.
 */
void records_finish_lines(struct records *recs, struct pool *pool);

#endif
