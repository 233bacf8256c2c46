// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Hammer2.Format;

/// <summary>
/// Assertions that stay on in release builds. Only a defect of this program breaks one, never the content of media or a
/// request to the filesystem.
/// </summary>
public static class Invariant
{
    /// <summary>Throws unless <paramref name="condition"/> is true; costs a compare and a branch.</summary>
    /// <exception cref="InvariantException">The condition is false.</exception>
    public static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition) Fail(expression);
    }

    [DoesNotReturn]
    private static void Fail(string expression) => throw new InvariantException(expression);
}
