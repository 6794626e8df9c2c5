/* SQLSTATEs (class and code of the SQL standard and PostgreSQL's appendix A).
 */
#ifndef SQLSTATE_H
#define SQLSTATE_H

#include "status.h"

/* Who must act. NULL and "" mean that no server answered. */
enum status sqlstate_status(const char *sqlstate);

#endif
