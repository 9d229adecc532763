"""Plans: from fetches and feeds to a PlanGraph (prune, recover, schedule, lower, passes); a tier makes it callable."""
