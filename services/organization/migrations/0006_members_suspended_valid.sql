-- Looks at the members that were there before 0005, while everybody works on.

ALTER TABLE members VALIDATE CONSTRAINT members_suspended;
