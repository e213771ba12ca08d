-- Run once, by the image of PostgreSQL, when its volume is empty: the roles that docs/runbook.md describes.
\getenv owner_password OWNER_PASSWORD
\getenv program_password PROGRAM_PASSWORD
CREATE ROLE goldpro_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE goldpro LOGIN PASSWORD :'program_password';
CREATE DATABASE goldpro OWNER goldpro_owner;
REVOKE ALL ON DATABASE goldpro FROM PUBLIC;
