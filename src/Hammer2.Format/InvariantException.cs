// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

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

    /// <summary>Reports a broken condition that caused <paramref name="innerException"/>.</summary>
    public InvariantException(string expression, Exception innerException)
        : base("Invariant broken: " + expression, innerException)
    {
    }
}
