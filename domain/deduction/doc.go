// Package deduction decides what a month's wage gives towards the losses that
// a person pays: the account of one person and year.
//
// It is pure: no clock, no I/O, no random numbers, no floats; amounts are
// whole fen. One account holds every deduction of a person over all losses,
// so that the cap of a month is one stream's decision (LOS-08). A loss is
// deducted oldest first, what is left is carried over, and what a corrected
// wage or the end of a loss changes is another posting: nothing is edited
// (LOS-09, AUD-02). It pays nothing out itself: payroll does. ADR 0023.
package deduction
