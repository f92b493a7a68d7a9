#!/usr/bin/perl
# Writes cases.json: which texts each pattern is found in, and what replacing every match makes of them. The modifier a gives
# Perl's classes the meaning that PCRE gives them without its option UCP: perl make.pl > cases.json
use strict;
use warnings;
use utf8;
use JSON::PP;

my @texts = (
  '', 'a', 'abracadabra', 'AB-007', 'café 12', "a\n", "a\r\n", "a\nb", "a\x{2028}b", 'naïve  word', "tab\there", 'x.y*z',
  "\x{1d518}nicode", "e\x{301}", '12:30', 'foo_bar1', 'ÀÉ', "\x{85}", "\x{a0}a", '[a]', 'a-b', 'aaa', 'ab12cd345',
);

# Pattern and replacement; an undefined one is not tried.
my @cases = (
  ['a', 'b'], ['^a', '<$0>'], ['a$', 'x'], ['a\z', undef], ['a\Z', undef], ['\Aa', undef], ['.', '.$0'], ['\w+', '[$0]'],
  ['\W', '_'], ['\d+', '#'], ['\D', ''], ['\s', ' '], ['\S+', 'x'], ['\bw', 'W'], ['\Bb', 'B'], ['\h', '~'], ['\v', '|'],
  ['\p{L}', 'L'], ['\p{Lu}+', 'U'], ['\PL', '-'], ['[^\w\s]', '!'], ['[\d-]', 'd'], ['[a-c]{2}', '2'], ['a{2,}', 'A'],
  ['a.*?a', '*'], ['a.*a', '*'], ['(\w)(\d)', '$2$1'], ['^([A-Z]+)-0*(\d+)$', '$2/$1'], ['(a)|(b)', '<$1|$2>'],
  ['(?:ab)+', 'X'], ['(?=b)b', 'B'], ['(?<!b)r', 'R'], ['(?<=a)b', '_'], ['(?!a)\w', '.'], ['x?y', 'Y'], ['\.', ','],
  ['[]a]', 'A'], ['[.*]', '+'], ['\x61', 'Z'], ['([a-z])+', '$1'], ['(\d+):(\d+)', '$$2-$1'],
  ['^$', undef], ['b*', undef], ['a|', undef],
);

my @out;
for my $case (@cases) {
  my ($pattern, $replacement) = @$case;
  my $compiled = qr/$pattern/a;
  my @found = map { /$compiled/ ? 1 : 0 } @texts;
  my @replaced;
  if (defined $replacement) {
    for my $text (@texts) {
      my $made = $text;
      $made =~ s/$compiled/fill($replacement, $&, $1, $2)/ge;
      push @replaced, $made;
    }
  }
  push @out, [$pattern, \@found, $replacement, defined $replacement ? \@replaced : undef];
}

sub fill {
  my ($replacement, @groups) = @_;
  $replacement =~ s/\$(\$|[0-9])/$1 eq '$' ? '$' : ($groups[$1] \/\/ '')/ge;
  return $replacement;
}

print JSON::PP->new->ascii->canonical->encode({ texts => \@texts, cases => \@out }), "\n";
