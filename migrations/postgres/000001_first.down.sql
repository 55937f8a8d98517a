DROP TABLE throttles, interactions, sessions, grants, signing_keys, consents, clients, user_roles, users, roles;
