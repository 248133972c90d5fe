package ticket_test

import "slices"

// slaCases are all cases, in the order of the document.
func slaCases() []slaCase {
	return slices.Concat(hoursCases, pauseCases, levelCases, visitCases, cycleCases, endCases, policyCases, correctionCases, ladderCases)
}

var hoursCases = []slaCase{
	{
		name: "SLA-04 within one day", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve"},
		want: []string{"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00"},
		why:  "9:00 + 8 h = 17:00; 9:00 to 11:00 are 2 h.",
	},
	{
		name: "SLA-05 at the due time is in time", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 17:00 resolve"},
		want: []string{"resolution met, due 03-02 17:00, gross 8:00, paused 0:00, net 8:00"},
		why:  "8 h are not more than 8 h.",
	},
	{
		name: "SLA-05 a second later is a breach", peers: "Zammad, FreeITSM (whole minutes)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:30:01 accept"},
		want: []string{"first_contact breached, due 03-02 09:30, gross 0:30:01, paused 0:00, net 0:30:01"},
		why:  "Seconds count; a desk that cuts to minutes calls this in time.",
	},
	{
		name: "SLA-04 the night does not count", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-03 09:00 resolve"},
		want: []string{"resolution breached, due 03-02 17:00, gross 10:00, paused 0:00, net 10:00"},
		why:  "Monday 9 to 18 are 9 h, Tuesday 8 to 9 is 1 h.",
	},
	{
		name: "SLA-04 a call before opening", rules: "office", call: "03-02 06:00 level 2", steps: []string{"03-02 10:00 resolve"},
		want: []string{"resolution met, due 03-02 16:00, gross 2:00, paused 0:00, net 2:00"},
		why:  "The clock starts at 8:00: 8:00 + 8 h = 16:00.",
	},
	{
		name: "SLA-04 a call after closing", peers: "Chatwoot until January 2026 (C#13392: no business hours)", rules: "office", call: "03-02 19:00 level 2", steps: []string{"03-03 09:00 resolve"},
		want: []string{"resolution met, due 03-03 16:00, gross 1:00, paused 0:00, net 1:00"},
		why:  "It starts on Tuesday at 8:00.",
	},
	{
		name: "SLA-04 over a weekend", rules: "office", call: "03-06 16:00 level 2", steps: []string{"03-09 10:00 resolve"},
		want: []string{"resolution met, due 03-09 14:00, gross 4:00, paused 0:00, net 4:00"},
		why:  "Friday 2 h, Monday 6 h more: 14:00; spent are 2 h and 2 h.",
	},
	{
		name: "ORG-03 over a holiday", peers: "an old version of Frappe Helpdesk (holiday_list = [])", rules: "office", call: "03-09 16:00 level 2", steps: []string{"03-11 15:00 resolve"},
		want: []string{"resolution breached, due 03-11 14:00, gross 9:00, paused 0:00, net 9:00"},
		why:  "Monday 2 h, Tuesday the 10th is closed, Wednesday 6 h more; spent are 2 h and 7 h.",
	},
	{
		name: "ORG-03 several spans a day", peers: "Frappe Helpdesk, Chatwoot (C#14009), FreeITSM (one span a weekday)", rules: "split", call: "03-02 10:00 level 2", steps: []string{"03-03 09:00 resolve"},
		want: []string{"resolution met, due 03-03 09:30, gross 7:30, paused 0:00, net 7:30"},
		why:  "2 h before noon and 4:30 after leave 1:30 for Tuesday; spent are 6:30 and 1 h.",
	},
	{
		name: "ORG-03 a call in the lunch break", peers: "osTicket (O#6847)", rules: "split", call: "03-02 12:30 level 2", steps: []string{"03-02 14:00 resolve"},
		want: []string{"resolution met, due 03-03 11:30, gross 0:30, paused 0:00, net 0:30"},
		why:  "It starts at 13:30: 4:30 on Monday, 3:30 on Tuesday from 8:00.",
	},
	{
		name: "ORG-03 round the clock with 24:00", peers: "GLPI (G#22678: 00:00; G#15429: nothing but round the clock works), Zammad (Z#4432: midnight)", rules: "round", call: "03-02 20:00 level 2", steps: []string{"03-03 03:00 resolve"},
		want: []string{"resolution met, due 03-03 04:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "No minute is lost or counted twice at midnight.",
	},
	{
		name: "ORG-03 hours over midnight", peers: "Zammad (Z#2157)", rules: "night", call: "03-02 23:00 level 2", steps: []string{"03-03 22:30 resolve"},
		want: []string{"resolution met, due 03-03 23:00, gross 7:30, paused 0:00, net 7:30"},
		why:  "7 h until 6:00, the last one from 22:00 to 23:00.",
	},
	{
		name: "ORG-03 Friday's night shift ends on Saturday", rules: "night", call: "03-06 22:00 level 2", steps: []string{"03-07 05:00 resolve"},
		want: []string{"resolution met, due 03-07 06:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "Hours belong to the day they start on, so Saturday morning counts though Saturday is closed.",
	},
	{
		name: "ORG-03 a week without Monday and Thursday", peers: "osTicket (O#6739)", rules: "two days", call: "03-02 09:00 level 2", steps: []string{"03-04 10:00 resolve"},
		want: []string{"resolution met, due 03-04 16:00, gross 2:00, paused 0:00, net 2:00"},
		why:  "Wednesday is the first open day.",
	},
	{
		name: "SLA-04 summer time begins", rules: "berlin", call: "03-28 00:00 level 2", steps: []string{"03-29 12:00 resolve"},
		want: []string{"resolution met, due 03-30 02:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "The hour from 2 to 3 does not exist on the 29th: 4 h, 3 h, and 1 h on the 30th.",
	},
	{
		name: "SLA-04 summer time ends", rules: "berlin", call: "10-24 00:00 level 2", steps: []string{"10-25 12:00 resolve"},
		want: []string{"resolution breached, due 10-25 04:00, gross 9:00, paused 0:00, net 9:00"},
		why:  "The hour from 2 to 3 comes twice on the 25th: 1 to 4 by the wall are 4 h, 1 to 5 are 5 h.",
	},
	{
		name: "SLA-12 elapsed time over the change of the clock", rules: "berlin", call: "03-29 01:30 level 1", steps: []string{"03-29 06:00 resolve"},
		want: []string{"resolution met, due 03-29 06:30, gross 3:30, paused 0:00, net 3:30"},
		why:  "4 elapsed hours from 1:30 winter time end at 6:30 summer time.",
	},
	{
		name: "SLA-12 an elapsed clock runs at night", peers: "Zendesk (the age of a breach is shown in calendar hours even for business hours)", rules: "office", call: "03-02 17:00 level 1", steps: []string{"03-02 20:30 resolve"},
		want: []string{"resolution met, due 03-02 21:00, gross 3:30, paused 0:00, net 3:30"},
		why:  "Each target names its clock, and due time and sums are of that one.",
	},
	{
		name: "ORG-03 a make-up workday", rules: "spring festival", call: "02-27 16:00 level 2", steps: []string{"02-28 10:00 resolve"},
		want: []string{"resolution met, due 02-28 14:00, gross 4:00, paused 0:00, net 4:00"},
		why:  "Saturday 02-28 is open: 2 h on Friday, 6 h on Saturday.",
	},
	{
		name: "ORG-03 from a make-up workday over the Spring Festival", rules: "spring festival", call: "02-14 16:00 level 2", steps: []string{"02-24 13:00 resolve"},
		want: []string{"resolution met, due 02-24 14:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "2 h on Saturday the 14th, nine days closed, 5 of 6 h on the 24th.",
	},
	{
		name: "ORG-03 work on a closed day", rules: "spring festival", call: "02-17 10:00 level 2", steps: []string{"02-18 10:00 resolve"},
		want: []string{"resolution met, due 02-24 16:00, gross 0:00, paused 0:00, net 0:00"},
		why:  "No working time has passed.",
	},
	{
		name: "SLA-09 a level without targets", rules: "office", call: "03-02 09:00 level 4", steps: []string{"03-03 09:00 resolve"},
		want: []string{"arrival no target", "resolution no target, gross 10:00, paused 0:00, net 10:00"},
		why:  "Nothing was agreed: it is no target, neither met nor missing, and its time is still known.",
	},
}

var pauseCases = []slaCase{
	{
		name: "SLA-06 a pause moves the due time", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 11:00 resume", "03-02 12:00 resolve"},
		want:  []string{"resolution met, due 03-02 18:00, gross 3:00, paused 1:00, net 2:00"},
		why:   "17:00 + 1 h.",
	},
	{
		name: "SLA-06 a pause outside hours costs nothing", peers: "Frappe Helpdesk (F#2449: hold by the wall), ERPNext (E#47029, 47172, 47884, 49414)", rules: "office", call: "03-02 14:00 level 2",
		steps: []string{"03-02 19:00 pause parts", "03-03 07:00 resume", "03-03 11:00 resolve"},
		want:  []string{"resolution met, due 03-03 12:00, gross 7:00, paused 0:00, net 7:00"},
		why:   "12 h of night in a pause are no working time; the due time stays.",
	},
	{
		name: "SLA-06 a pause over a holiday", peers: "Dynamics 365 (on hold on a holiday does not pause, by design)", rules: "office", call: "03-09 14:00 level 2",
		steps: []string{"03-09 17:00 pause customer", "03-11 09:00 resume", "03-11 13:00 resolve"},
		want:  []string{"resolution met, due 03-11 14:00, gross 9:00, paused 2:00, net 7:00"},
		why:   "Of the pause 17 to 18 on Monday and 8 to 9 on Wednesday count; Tuesday is closed. Without it 03-11 12:00.",
	},
	{
		name: "SLA-06 a pause that starts on a holiday", peers: "Dynamics 365", rules: "office", call: "03-09 14:00 level 2",
		steps: []string{"03-10 10:00 pause customer", "03-11 09:00 resume", "03-11 12:30 resolve"},
		want:  []string{"resolution met, due 03-11 13:00, gross 8:30, paused 1:00, net 7:30"},
		why:   "Only 8 to 9 on Wednesday is working time of the pause.",
	},
	{
		name: "SLA-06 overlapping pauses are a union", peers: "GLPI (waiting seconds are a running sum)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 14:00 paused parts 03-02 10:00 03-02 12:00", "03-02 14:10 paused customer 03-02 11:00 03-02 13:00", "03-02 15:00 resolve"},
		want:  []string{"resolution met, due 03-03 10:00, gross 6:00, paused 3:00, net 3:00"},
		why:   "10 to 13 are 3 h, not 4: 17:00 + 3 h is 18:00 and 2 h of Tuesday.",
	},
	{
		name: "SLA-06 two reasons at once", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 10:30 pause customer", "03-02 11:00 resume", "03-02 12:00 resolve"},
		want:  []string{"resolution met, due 03-02 18:00, gross 3:00, paused 1:00, net 2:00"},
		why:   "The clock stands once, from 10 to 11.",
	},
	{
		name: "SLA-06 waiting for the customer does not stop first contact", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 09:05 pause customer first_contact", "03-02 09:20 accept"},
		want:  []string{"refused by SLA-06: ticket.first_contact_runs_on", "first_contact met, due 03-02 09:30, gross 0:20, paused 0:00, net 0:20"},
		why:   "It is the desk that has not answered.",
	},
	{
		name: "TKT-13 force majeure stops first contact", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 09:10 pause force_majeure first_contact", "03-02 10:10 resume", "03-02 10:20 accept"},
		want:  []string{"first_contact met, due 03-02 10:30, gross 1:20, paused 1:00, net 0:20"},
		why:   "The pause names its clock; 9:30 + 1 h.",
	},
	{
		name: "SLA-06 a pause stops only the clocks it names", peers: "Znuny/OTRS (only the update clock can stop)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts resolution", "03-02 13:30 update"},
		want:  []string{"resolution stands", "next_update breached, due 03-02 13:00, gross 4:30, paused 0:00, net 4:30", "next_update running, due 03-02 17:30"},
		why:   "Parts are awaited, but the customer is still to be told by 13:00.",
	},
	{
		name: "SLA-06 one of two clocks goes on", rules: "office", call: "03-02 09:00 level 2 town",
		steps: []string{"03-02 10:00 pause parts resolution arrival", "03-02 11:00 resume arrival", "03-02 15:30 arrive", "03-02 17:00 resolve"},
		want: []string{
			"arrival met, due 03-02 16:00, gross 6:30, paused 1:00, net 5:30",
			"resolution met, due 03-03 12:30, gross 8:00, paused 5:30, net 2:30",
		},
		why: "Arrival stood from 10 to 11. Resolution stood until the arrival, 5:30: 17:00 and 5:30 are 18:00 and 4:30 of Tuesday.",
	},
	{
		name: "SLA-06 another clock is stopped while one stands", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts resolution", "03-02 11:00 pause customer next_update", "03-02 12:00 resume", "03-02 14:00 update", "03-02 14:30 resolve"},
		want: []string{
			"resolution met, due 03-03 09:00, gross 5:30, paused 2:00, net 3:30",
			"next_update met, due 03-02 14:00, gross 5:00, paused 1:00, net 4:00", "next_update withdrawn, due 03-02 18:00",
		},
		why: "Each clock has its own pause. The update started at 14:00 was due at 18:00 when the work was done.",
	},
	{
		name: "SLA-06 done while paused", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 pause parts", "03-02 12:00 resolve"},
		want: []string{"resolution met, due 03-03 09:00, gross 3:00, paused 2:00, net 1:00"},
		why:  "The end closes the pause: 17:00 + 2 h are 18:00 and 1 h of Tuesday.",
	},
	{
		name: "SLA-06 no breach while the clock stands", peers: "GLPI (G#24481: breached while pending)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 16:00 pause customer", "03-03 10:00 resolve"},
		want:  []string{"resolution met, due 03-03 11:00, gross 11:00, paused 4:00, net 7:00"},
		why:   "At 16:00 7 h were spent; 16 to 18 and 8 to 10 stood; 1 h was left.",
	},
	{
		name: "SLA-13 a pause after the due time heals nothing", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 17:30 pause customer", "03-03 09:00 resolve"},
		want:  []string{"resolution breached, due 03-02 17:00, gross 10:00, paused 1:30, net 8:30"},
		why:   "The due time had come at 17:00.",
	},
	{
		name: "TKT-13 a pause entered afterwards", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-03 09:00 resolve", "03-03 09:30 paused customer 03-02 10:00 03-02 13:00"},
		want:  []string{"resolution met, due 03-03 10:00, gross 10:00, paused 3:00, net 7:00, given again: late_fact"},
		why:   "It was breached with 10 h; with the pause 17:00 + 3 h are 18:00 and 2 h of Tuesday. The first verdict stays on record.",
	},
	{
		name: "TKT-13 a pause entered afterwards while the clock runs", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 15:00 paused parts 03-02 10:00 03-02 10:45"},
		want:  []string{"resolution running, due 03-02 17:45"},
		why:   "17:00 + 0:45; nothing about what the ticket is doing now changes.",
	},
}

var levelCases = []slaCase{
	{
		name: "SLA-07 a higher level counts from the call", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 level 1", "03-02 12:00 resolve"},
		want: []string{"resolution met, due 03-02 13:00, gross 3:00, paused 0:00, net 3:00"},
		why:  "9:00 + 4 elapsed hours, not 10:00 + 4.",
	},
	{
		name: "SLA-07 the level changes while paused", peers: "GLPI (G#6902, G#15605: the time on hold is lost)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 11:00 level 1", "03-02 12:00 resume", "03-02 14:00 resolve"},
		want:  []string{"resolution met, due 03-02 15:00, gross 5:00, paused 2:00, net 3:00"},
		why:   "13:00 + the 2 h that it stood, before and after the change.",
	},
	{
		name: "SLA-07 the level changes after a pause", peers: "GLPI (G#6902)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 11:00 resume", "03-02 12:00 level 1", "03-02 13:30 resolve"},
		want:  []string{"resolution met, due 03-02 14:00, gross 4:30, paused 1:00, net 3:30"},
		why:   "The pause that is over counts for the new target too.",
	},
	{
		name: "SLA-07 a pause outside hours and a change to an elapsed clock", rules: "office", call: "03-02 17:00 level 2",
		steps: []string{"03-02 19:00 pause customer", "03-02 20:00 level 1", "03-02 21:00 resume", "03-02 22:30 resolve"},
		want:  []string{"resolution met, due 03-02 23:00, gross 5:30, paused 2:00, net 3:30"},
		why:   "The pause cost the working clock nothing; the elapsed one it costs 2 h: 21:00 + 2 h.",
	},
	{
		name: "SLA-07 a higher level may be overdue at once", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 15:00 level 1", "03-02 15:30 resolve"},
		want: []string{"resolution breached, due 03-02 13:00, gross 6:30, paused 0:00, net 6:30"},
		why:  "9:00 + 4 h had passed; the target of level 2 stays on record as what held until 15:00.",
	},
	{
		name: "SLA-07 there and back", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 level 1", "03-02 11:00 level 2", "03-02 16:00 resolve"},
		want: []string{"resolution met, due 03-02 17:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "As if it had never been changed; each due time is in its own event.",
	},
	{
		name: "SLA-09 down to a level without targets", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 level 4", "03-03 09:00 resolve"},
		want: []string{"resolution no target, gross 10:00, paused 0:00, net 10:00"},
		why:  "Nothing is agreed for level 4.",
	},
	{
		name: "SLA-05 what was judged before the change stays", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:20 accept", "03-02 10:00 level 1"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:20, paused 0:00, net 0:20"},
		why:  "By level 1 it would have been 5 minutes late; it was judged by level 2 when it happened.",
	},
}

var visitCases = []slaCase{
	{
		name: "SLA-11 six hours in town", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 15:00 arrive"},
		want: []string{"arrival met, due 03-02 15:00, gross 6:00, paused 0:00, net 6:00"}, why: "9:00 + 6 h.",
	},
	{
		name: "SLA-11 seven hours in the suburbs", peers: "all that were looked at (none has an arrival by address)", rules: "office", call: "03-02 09:00 level 2 suburb", steps: []string{"03-02 15:30 arrive"},
		want: []string{"arrival met, due 03-02 16:00, gross 6:30, paused 0:00, net 6:30"}, why: "9:00 + 7 h.",
	},
	{
		name: "SLA-11 an unknown zone has no arrival target", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 15:30 arrive"},
		want: []string{"arrival no target"}, why: "Each target names its zone here.",
	},
	{
		name: "SLA-07 the customer turns out to live in the suburbs", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 10:00 zone suburb", "03-02 15:30 arrive"},
		want: []string{"arrival met, due 03-02 16:00, gross 6:30, paused 0:00, net 6:30"}, why: "From the call, by the new zone.",
	},
	{
		name: "SLA-07 the zone changes while paused", rules: "office", call: "03-02 09:00 level 2 suburb",
		steps: []string{"03-02 10:00 pause customer arrival", "03-02 11:00 zone town", "03-02 12:00 resume", "03-02 16:30 arrive"},
		want:  []string{"arrival met, due 03-02 17:00, gross 7:30, paused 2:00, net 5:30"}, why: "15:00 + the 2 h that it stood.",
	},
	{
		name: "TKT-07 arrival counts from the call, not from assignment", rules: "office", call: "03-02 09:00 level 2 town",
		steps: []string{"03-02 12:00 assign", "03-02 15:30 arrive"},
		want:  []string{"arrival breached, due 03-02 15:00, gross 6:30, paused 0:00, net 6:30"}, why: "From 12:00 it would have been in time.",
	},
	{
		name: "TKT-11 24 hours from the finding", rules: "office", call: "03-02 09:00 level 3", steps: []string{"03-02 10:00 visit", "03-03 09:30 arrive"},
		want: []string{"arrival met, due 03-03 10:00, gross 23:30, paused 0:00, net 23:30"}, why: "Elapsed time from 10:00.",
	},
	{
		name: "TKT-11 without the finding there is no arrival target", rules: "office", call: "03-02 09:00 level 3", steps: []string{"03-02 11:00 resolve"},
		want: []string{"arrival no target"}, why: "The telephone solved it.",
	},
	{
		name: "TKT-11 a level changes after the finding", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 10:00 visit", "03-02 11:00 level 3", "03-03 09:30 arrive"},
		want: []string{"arrival met, due 03-03 10:00, gross 23:30, paused 0:00, net 23:30"}, why: "Level 3 counts from the finding at 10:00, not from the call or the change.",
	},
	{
		name: "SLA-01 solved by telephone", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:50 resolve"},
		want: []string{"remote_resolution met, due 03-02 10:00, gross 0:50, paused 0:00, net 0:50"}, why: "Within the hour, nobody went there.",
	},
	{
		name: "SLA-01 a visit in time ends the target of doing without", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:30 visit"},
		want: []string{"remote_resolution withdrawn, due 03-02 10:00"}, why: "It was not due yet and can no longer be reached.",
	},
	{
		name: "SLA-13 a visit after the hour does not undo it", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 arrive"},
		want: []string{"remote_resolution breached, due 03-02 10:00"}, why: "It was breached from 10:00 on.",
	},
	{
		name: "SLA-02 an agreed time takes the place of the target", rules: "office", call: "03-02 09:00 level 3", steps: []string{"03-02 10:00 visit", "03-02 10:10 agree 03-04 14:00", "03-04 13:00 arrive"},
		want: []string{"arrival met, due 03-04 14:00, gross 51:00, paused 0:00, net 51:00"}, why: "2 days and 3 h after the finding, but before the agreed time.",
	},
	{
		name: "SLA-02 the appointment is moved twice", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-02 10:00 visit", "03-02 10:10 agree 03-03 14:00", "03-03 09:00 agree 03-04 14:00", "03-04 09:00 agree 03-05 09:00", "03-05 09:30 arrive"},
		want:  []string{"arrival breached, due 03-05 09:00, gross 71:30, paused 0:00, net 71:30"}, why: "The last one counts, all three are on record.",
	},
	{
		name: "SLA-02 where the rules say so an agreed time is only recorded", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 09:10 agree 03-03 10:00", "03-03 09:00 arrive"},
		want: []string{"arrival breached, due 03-02 15:00, gross 10:00, paused 0:00, net 10:00"}, why: "6 h hold for every call.",
	},
	{
		name: "SLA-02 a pause does not move an appointment", peers: "GLPI (G#17186: waiting is added to dates set by hand)", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-02 10:00 visit", "03-02 10:10 agree 03-03 14:00", "03-02 11:00 pause customer arrival", "03-03 11:00 resume", "03-03 13:30 arrive"},
		want:  []string{"arrival met, due 03-03 14:00, gross 27:30, paused 24:00, net 3:30"}, why: "It is a moment and not a duration.",
	},
	{
		name: "SLA-01 solved before anybody had to go", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 11:00 resolve"},
		want: []string{"arrival withdrawn, due 03-02 15:00"}, why: "Neither met nor breached, and visible as such.",
	},
	{
		name: "SLA-13 solved without the visit that was overdue", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 16:00 resolve"},
		want: []string{"arrival breached, due 03-02 15:00"}, why: "Nobody was there by 15:00.",
	},
	{
		name: "SLA-01 each update is judged", peers: "Zammad (keeps only the longest)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 update", "03-02 14:30 update", "03-02 17:00 resolve"},
		want: []string{
			"next_update met, due 03-02 13:00, gross 2:00, paused 0:00, net 2:00", "next_update met, due 03-02 15:00, gross 3:30, paused 0:00, net 3:30",
			"next_update withdrawn, due 03-03 08:30",
		},
		why: "4 h from the call, from 11:00 and from 14:30, which is 18:00 and half an hour of Tuesday.",
	},
	{
		name: "SLA-01 a missed update does not hide first contact", peers: "Zammad (Z#5177: update overrules first response)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:20 accept", "03-02 15:00 update"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:20, paused 0:00, net 0:20", "next_update breached, due 03-02 13:00, gross 6:00, paused 0:00, net 6:00", "next_update running, due 03-03 09:00"},
		why:  "Two targets, two clocks, two verdicts.",
	},
	{
		name: "SLA-01 whoever is there has made contact", rules: "office", call: "03-02 09:00 level 2 town", steps: []string{"03-02 09:25 arrive"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:25, paused 0:00, net 0:25"}, why: "Nobody answered by telephone before.",
	},
}

var cycleCases = []slaCase{
	{
		name: "TKT-16 reopened after a day", peers: "Zammad (close_at is kept, no clock starts again), Znuny/OTRS (the clock stays 0), Frappe Helpdesk (the closed span becomes hold), GLPI (G#23359: solved time counts as waiting; G#5213)",
		rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "03-03 11:00 reopen", "03-03 14:00 resolve"},
		want: []string{
			"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00",
			"resolution (cycle 2) met, due 03-04 09:00, gross 3:00, paused 0:00, net 3:00",
		},
		why: "The closed day is neither work nor pause; the new cycle has 8 h from 11:00: 7 h on Tuesday, 1 h on Wednesday.",
	},
	{
		name: "TKT-16 the new cycle runs", peers: "Zammad (Z#188, Z#3745: listed as closed), osTicket (O#5206: the due date is gone)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "03-06 16:00 reopen"},
		want: []string{"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00", "resolution (cycle 2) running, due 03-09 14:00"},
		why:  "Friday 2 h, Monday 6 h.",
	},
	{
		name: "TKT-16 the second cycle breaches, the first verdict stays", peers: "Frappe Helpdesk (resolution date and time are erased), Zammad (Z#4777, Z#5013)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "03-03 08:00 reopen", "03-03 17:00 resolve"},
		want: []string{
			"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00",
			"resolution (cycle 2) breached, due 03-03 16:00, gross 9:00, paused 0:00, net 9:00",
		},
		why: "9 h are more than 8 h; each cycle has its own judgement.",
	},
	{
		name: "TKT-16 first contact is not asked for again", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:10 accept", "03-02 11:00 resolve", "03-03 11:00 reopen", "03-03 14:00 resolve"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:10, paused 0:00, net 0:10"}, why: "The customer was answered in the first cycle.",
	},
	{
		name: "TKT-16 a pause of the first cycle is not one of the second", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 12:00 resolve", "03-03 08:00 reopen", "03-03 10:00 resolve"},
		want: []string{
			"resolution met, due 03-03 09:00, gross 3:00, paused 2:00, net 1:00",
			"resolution (cycle 2) met, due 03-03 16:00, gross 2:00, paused 0:00, net 2:00",
		},
		why: "Each cycle has its own pauses.",
	},
	{
		name: "TKT-16 nothing is reopened after thirty days", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "04-02 09:00 reopen"},
		want: []string{"refused by TKT-16: ticket.reopen_too_late", "resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00"}, why: "31 days less two hours have passed.",
	},
}

var endCases = []slaCase{
	{
		name: "TKT-17 a duplicate withdraws its clocks", peers: "Zammad (Z#904: a merged ticket escalates; Z#2579)", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-03 10:00 merge"},
		want: []string{"first_contact withdrawn, due 03-02 09:30", "resolution withdrawn, due 03-02 17:00"},
		why:  "Whatever was due: the call is answered for in the other ticket. It stays in the denominator as withdrawn.",
	},
	{
		name: "TKT-17 what a duplicate had reached stays", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:10 accept", "03-02 10:00 merge"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:10, paused 0:00, net 0:10", "resolution withdrawn, due 03-02 17:00"}, why: "It was judged.",
	},
	{
		name: "TKT-17 a merged ticket is not reopened", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 merge", "03-02 11:00 reopen"},
		want: []string{"refused by TKT-17: ticket.merged", "resolution withdrawn, due 03-02 17:00"}, why: "Its clocks run in the other one.",
	},
	{
		name: "SLA-09 a call taken back before the due time", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 12:00 withdraw"},
		want: []string{"first_contact breached, due 03-02 09:30", "resolution withdrawn, due 03-02 17:00"}, why: "Nobody had answered by 9:30; by 12:00 resolution was not due.",
	},
	{
		name: "SLA-13 a call taken back after the due time", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-03 12:00 withdraw"},
		want: []string{"resolution breached, due 03-02 17:00"}, why: "Breached from 17:00 on; taking the call back does not beautify.",
	},
	{
		name: "SLA-09 a rejected call", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 09:20 reject"},
		want: []string{"first_contact withdrawn, due 03-02 09:30", "resolution withdrawn, due 03-02 17:00"}, why: "Nothing was due yet.",
	},
	{
		name: "SLA-05 closed without having been solved", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 12:00 import closed"},
		want: []string{"resolution withdrawn, due 03-02 17:00"}, why: "Another desk's log says so; nothing is invented.",
	},
}

var policyCases = []slaCase{
	{
		name: "POL-03 a new version does not touch a running clock", peers: "Zammad (fingerprint: recalculated from creation), Frappe Helpdesk (chosen again at every save), Jira (running cycles catch up), Zendesk (at the next event)",
		rules: "new version", call: "03-02 14:00 level 2", steps: []string{"03-03 09:00 retarget", "03-03 11:00 resolve"},
		want: []string{"resolution met, due 03-03 12:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "8 h from Monday 14:00. Under the 2 h of the new version it would have been due on Monday at 16:00.",
	},
	{
		name: "POL-02 the next call goes by the new version", rules: "new version", call: "03-03 09:00 level 2", steps: []string{"03-03 11:30 resolve"},
		want: []string{"resolution breached, due 03-03 11:00, gross 2:30, paused 0:00, net 2:30"}, why: "9:00 + 2 h.",
	},
	{
		name: "POL-02 a new cycle goes by the version in force when it starts", rules: "new version", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "03-03 09:00 reopen", "03-03 10:00 resolve"},
		want: []string{
			"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00",
			"resolution (cycle 2) met, due 03-03 11:00, gross 1:00, paused 0:00, net 1:00",
		},
		why: "The first by 8 h, the second by 2 h.",
	},
	{
		name: "POL-03 a version that applies to running clocks", rules: "running version", call: "03-02 14:00 level 2", steps: []string{"03-03 09:00 retarget", "03-03 11:00 resolve"},
		want: []string{"resolution breached, due 03-03 10:00, gross 7:00, paused 0:00, net 7:00"},
		why:  "6 h from the original start: 4 h on Monday, 2 h on Tuesday. Both due times are on record.",
	},
	{
		name: "SLA-07 a version that applies to running clocks, less the pauses", peers: "GLPI (G#6902: the new target loses the pauses)", rules: "running version", call: "03-02 14:00 level 2",
		steps: []string{"03-02 15:00 pause parts", "03-02 16:00 resume", "03-03 09:00 retarget", "03-03 10:30 resolve"},
		want:  []string{"resolution met, due 03-03 11:00, gross 6:30, paused 1:00, net 5:30"}, why: "10:00 + 1 h.",
	},
	{
		name: "SLA-04 one clock, one calendar", peers: "iTop (spent time frozen under the old calendar, the rest under the new one)", rules: "new hours", call: "03-02 14:00 level 2", steps: []string{"03-03 13:00 resolve"},
		want: []string{"resolution breached, due 03-03 12:00, gross 9:00, paused 0:00, net 9:00"},
		why:  "By the calendar in force at the start: 4 h on Monday, 5 h on Tuesday, though the new hours end at 12:00.",
	},
	{
		name: "SLA-04 the next call goes by the new calendar", rules: "new hours", call: "03-03 09:00 level 2", steps: []string{"03-04 10:00 resolve"},
		want: []string{"resolution met, due 03-05 09:00, gross 5:00, paused 0:00, net 5:00"}, why: "3 h, 4 h and 1 h of mornings; spent are 3 h and 2 h.",
	},
	{
		name: "SLA-10 a day declared closed afterwards", peers: "GLPI (G#8744), FreeITSM (every old ticket changes), ServiceNow (Repair deletes the record), Frappe Helpdesk (F#2214)",
		rules: "closed afterwards", call: "03-02 14:00 level 2", steps: []string{"03-03 13:00 resolve"},
		want:  []string{"resolution breached, due 03-03 12:00, gross 9:00, paused 0:00, net 9:00"},
		under: []string{"resolution met, due 03-04 12:00, gross 4:00, paused 0:00, net 4:00"},
		why:   "The verdict stays. Asked again, Tuesday does not count: the rest is due on Wednesday.",
	},
	{
		name: "SLA-10 a day declared closed afterwards, with a pause on it", peers: "iTop (the overrun may be wrong)", rules: "closed afterwards", call: "03-02 14:00 level 2",
		steps: []string{"03-02 17:00 pause parts", "03-03 09:00 resume", "03-03 14:30 resolve"},
		want:  []string{"resolution breached, due 03-03 14:00, gross 10:30, paused 2:00, net 8:30"},
		under: []string{"resolution met, due 03-04 13:00, gross 4:00, paused 1:00, net 3:00"},
		why:   "As judged: 4 h and 6:30, of which 17 to 18 and 8 to 9 stood. With Tuesday closed: Monday's 4 h, 1 h of them paused; 5 h left on Wednesday.",
	},
	{
		name: "SLA-10 a stricter version afterwards", peers: "Jira (reconstruction is destructive: a 4 h goal met is judged by a 2 h goal)", rules: "stricter afterwards", call: "03-02 09:00 level 2", steps: []string{"03-02 12:00 resolve"},
		want:  []string{"resolution met, due 03-02 17:00, gross 3:00, paused 0:00, net 3:00"},
		under: []string{"resolution breached, due 03-02 11:00, gross 3:00, paused 0:00, net 3:00"},
		why:   "Met by 8 h, which held; 3 h are more than 2 h. Both stand side by side.",
	},
}

var correctionCases = []slaCase{
	{
		name: "SLA-05 a pause is struck", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 13:00 resume", "03-02 18:00 resolve", "strike Paused"},
		want:  []string{"resolution breached, due 03-02 17:00, gross 9:00, paused 0:00, net 9:00, given again: strike"},
		why:   "With the pause it was met with 6 h, due 03-03 10:00. That verdict stays on record.",
	},
	{
		name: "SLA-05 a pause is struck while the clock runs", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 13:00 resume", "strike Paused"},
		want:  []string{"resolution running, due 03-02 17:00"}, why: "The due time of 03-03 10:00 is taken back.",
	},
	{
		name: "AUD-02 a resolution is struck", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "strike Resolved"},
		want: []string{"resolution running, due 03-02 17:00"}, why: "The clock runs on as if it had never ended, its verdict is struck too.",
	},
	{
		name: "AUD-02 a change of level is struck after the end", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 level 1", "03-02 14:00 resolve", "strike LevelChanged"},
		want: []string{"resolution met, due 03-02 17:00, gross 5:00, paused 0:00, net 5:00, given again: strike"}, why: "By level 1 it was breached at 13:00.",
	},
	{
		name: "AUD-02 a reopening is struck", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "03-03 09:00 reopen", "03-03 10:00 resolve", "strike Reopened"},
		want: []string{"resolution met, due 03-02 17:00, gross 2:00, paused 0:00, net 2:00"}, why: "The second cycle never was; its verdict is struck with it.",
	},
	{
		name: "SLA-05 a back-dated arrival", peers: "desks without a time of their own for each fact (Snipe-IT S#10026)", rules: "office", call: "03-02 09:00 level 2 town",
		steps: []string{"03-02 16:00 resolve", "late 03-02 14:30 arrive"},
		want:  []string{"remote_resolution breached, due 03-02 10:00, given again: late_fact", "arrival met, due 03-02 15:00, gross 5:30, paused 0:00, net 5:30, given again: late_fact"},
		why:   "Without it nobody had been there by 15:00, and the work counted as done from afar, late; somebody went there, so that was never reached. The reason and the time of entry are on record.",
	},
	{
		name: "SLA-05 a back-dated arrival while the ticket is open", rules: "office", call: "03-02 09:00 level 2 town",
		steps: []string{"03-02 16:00 assign", "late 03-02 15:30 arrive"},
		want:  []string{"arrival breached, due 03-02 15:00, gross 6:30, paused 0:00, net 6:30, given again: late_fact"}, why: "It is put where it belongs and judged by when it happened.",
	},
	{
		name: "SLA-05 a back-dated first contact", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 11:00 resolve", "late 03-02 09:20 accept"},
		want: []string{"first_contact met, due 03-02 09:30, gross 0:20, paused 0:00, net 0:20, given again: late_fact"}, why: "The resolution at 11:00 had been the first contact, and late.",
	},
	{
		name: "SLA-05 a back-dated resolution", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-03 09:00 resolve", "late 03-02 16:30 resolve"},
		want: []string{"resolution met, due 03-02 17:00, gross 7:30, paused 0:00, net 7:30, given again: late_fact"}, why: "It had been breached with 10 h; both verdicts stand on record.",
	},
	{
		name: "AUD-01 no back-dating without a reason", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 10:00 assign", "03-02 09:20 accept"},
		want: []string{"refused by AUD-01: ticket.time_backwards", "first_contact running, due 03-02 09:30"}, why: "A time before the last fact needs to say why.",
	},
	{
		name: "SLA-05 a back-dated resolution in a cycle that is over", rules: "office", call: "03-02 09:00 level 2", steps: []string{"03-02 18:00 resolve", "03-03 09:00 reopen", "late 03-02 16:00 resolve"},
		want: []string{
			"resolution met, due 03-02 17:00, gross 7:00, paused 0:00, net 7:00, given again: late_fact",
			"resolution (cycle 2) running, due 03-03 17:00",
		},
		why: "It is put into its own cycle and judged there; the present one is not touched.",
	},
	{
		name: "SLA-05 a back-dated first contact in a cycle that is over", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 09:40 withdraw", "03-03 09:00 reopen", "late 03-02 09:20 accept"},
		want:  []string{"first_contact met, due 03-02 09:30, gross 0:20, paused 0:00, net 0:20, given again: late_fact"},
		why:   "It had been missed, and the second cycle waited for it; now it was made in the first, and the second never had that clock.",
	},
	{
		name: "SLA-05 work that was done is not back-dated before a withdrawal", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 12:00 withdraw", "late 03-02 11:00 resolve"},
		want:  []string{"refused by SLA-05: ticket.dropped_since", "resolution withdrawn, due 03-02 17:00"},
		why:   "A call that was taken back after the work was done was not taken back: one of the two is wrong and is struck first.",
	},
	{
		name: "SLA-05 a back-dated arrival agreement", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-02 10:00 visit", "03-03 12:00 arrive", "late 03-02 11:00 agree 03-03 13:00"},
		want:  []string{"arrival met, due 03-03 13:00, gross 26:00, paused 0:00, net 26:00, given again: late_fact"},
		why:   "By the limit it had come too late; by what the customer had agreed to it was in time.",
	},
	{
		name: "TKT-11 a visit found needed, entered late", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-03 12:00 arrive", "late 03-02 10:00 visit"},
		want:  []string{"arrival breached, due 03-03 10:00, gross 26:00, paused 0:00, net 26:00, given again: late_fact"},
		why:   "Without the finding nothing had been agreed for the arrival; it counts from the finding, 24 elapsed hours.",
	},
	{
		name: "SLA-05 a finding is not back-dated before what set the target without it", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-02 12:00 level 2", "late 03-02 10:00 visit"},
		want:  []string{"refused by SLA-05: ticket.target_set_since", "arrival no target"},
		why:   "The change of level set the arrival target on what was known then. It is struck, the finding entered, and the level changed again.",
	},
	{
		name: "SLA-01 an update of the customer, entered late", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 14:00 assign", "late 03-02 11:00 update"},
		want:  []string{"next_update met, due 03-02 13:00, gross 2:00, paused 0:00, net 2:00, given again: late_fact", "next_update running, due 03-02 15:00"},
		why:   "The customer had been told in time; the next update is due from then on.",
	},
}

var ladderCases = []slaCase{
	{
		name: "SLA-08 three steps, each once", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{
			"03-02 14:59 escalate resolution 75", "03-02 15:00 escalate resolution 75", "03-02 15:30 escalate resolution 75",
			"03-02 17:00 escalate resolution 100", "03-03 10:59 escalate resolution 150", "03-03 11:00 escalate resolution 150",
		},
		want: []string{"resolution running, due 03-02 17:00", "resolution escalated at 75 %", "resolution escalated at 100 %", "resolution escalated at 150 %"},
		why:  "75 % of 8 h are 6 h: 15:00; 150 % are 12 h: 18:00 and 3 h of Tuesday. Too early and twice do nothing.",
	},
	{
		name: "SLA-08 a pause moves the steps", peers: "iTop (a threshold that was passed stays)", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 10:00 pause parts", "03-02 12:00 resume", "03-02 16:00 escalate resolution 75"},
		want:  []string{"resolution running, due 03-03 09:00"}, why: "15:00 + 2 h: at 16:00 nothing is due.",
	},
	{
		name: "SLA-08 nobody is told of what is done", rules: "office", call: "03-02 09:00 level 2",
		steps: []string{"03-02 14:00 resolve", "03-02 15:00 escalate resolution 75"},
		want:  []string{"resolution met, due 03-02 17:00, gross 5:00, paused 0:00, net 5:00"}, why: "The clock has ended when the timer comes.",
	},
	{
		name: "SLA-08 steps of an appointment", rules: "office", call: "03-02 09:00 level 3",
		steps: []string{"03-02 10:00 visit", "03-02 10:10 agree 03-02 14:00", "03-02 12:59 escalate arrival 75", "03-02 13:00 escalate arrival 75"},
		want:  []string{"arrival running, due 03-02 14:00", "arrival escalated at 75 %"}, why: "Of the 4 h from the finding 3 h are over at 13:00.",
	},
}
