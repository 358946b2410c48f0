/* SPDX-License-Identifier: GPL-2.0 */
/* Clocks: declared; every function is a stub. */
#ifndef _LINUX_CLK_H
#define _LINUX_CLK_H

#include <linux/err.h>

struct clk;
struct clk *clk_get(struct device *dev, const char *id);
struct clk *devm_clk_get(struct device *dev, const char *id);
struct clk *devm_clk_get_optional(struct device *dev, const char *id);
void clk_put(struct clk *clk);
int clk_prepare(struct clk *clk);
void clk_unprepare(struct clk *clk);
int clk_enable(struct clk *clk);
void clk_disable(struct clk *clk);
int clk_set_rate(struct clk *clk, unsigned long rate);
unsigned long clk_get_rate(struct clk *clk);

static inline int clk_prepare_enable(struct clk *clk)
{
	int err = clk_prepare(clk);

	if (err)
		return err;
	err = clk_enable(clk);
	if (err)
		clk_unprepare(clk);
	return err;
}

static inline void clk_disable_unprepare(struct clk *clk)
{
	clk_disable(clk);
	clk_unprepare(clk);
}

#endif
