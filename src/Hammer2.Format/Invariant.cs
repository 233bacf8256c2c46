// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Hammer2.Format;

/// <summary>
/// Assertions that stay on in release builds. One is broken only by a mistake in this program, never
/// by what is on media or by what a caller of the filesystem asks for.
/// </summary>
public static class Invariant
{
    /// <summary>Goes on when <paramref name="condition"/> holds; costs a compare and a branch.</summary>
    /// <exception cref="InvariantException">It does not hold.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition) Fail(expression);
    }

    [DoesNotReturn]
    private static void Fail(string expression) => throw new InvariantException(expression);
}

/// <summary>A broken <see cref="Invariant"/>. The media it concerns must not be written again.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>Reports <paramref name="expression"/>, the condition that did not hold.</summary>
    public InvariantException(string expression)
        : base("Invariant broken: " + expression)
    {
    }

    /// <summary>Reports a broken condition without its text.</summary>
    public InvariantException()
    {
    }

    /// <summary>Reports a broken condition that showed as another failure.</summary>
    public InvariantException(string expression, Exception innerException)
        : base("Invariant broken: " + expression, innerException)
    {
    }
}
